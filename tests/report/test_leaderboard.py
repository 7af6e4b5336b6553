"""Many runs as a leaderboard."""

from __future__ import annotations

from runs_support import arm, records

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.report.sections import sections


def test_many_runs_are_ranked_with_what_they_get_without_images() -> None:
    """A row a run with images, the best first, with its ranks; every cell of every run is further down."""
    arms = []
    for number, share in enumerate((2, 4, 3)):
        name = f"run{number}"
        right = lambda image, cell, share=share: image % 5 < share  # noqa: E731
        arms += [arm(name, records(40, right)), arm(name, records(40, lambda *_: False, arm="textonly"))]
    [section] = sections(arms, Scheme())
    assert section.main.columns == ["run", "Avg", "rank in Avg", "unparsed", "Avg without images"]
    rows = [[getattr(field, "text", field) for field in row] for row in section.main.rows]
    assert [row[0] for row in rows] == ["run1", "run2", "run0"]
    assert [(row[1], row[4]) for row in rows] == [("80.0", "0.0"), ("60.0", "0.0"), ("40.0", "0.0")]
    assert section.parts[0].title == "Every cell of every run" and len(section.parts[0].sheets[0].rows) == 6


def test_few_runs_keep_their_cells_in_sight() -> None:
    """Up to four columns there is no leaderboard."""
    [section] = sections([arm("one", records(6)), arm("two", records(6))], Scheme())
    assert section.main.columns == ["accuracy, %", "one", "two"]

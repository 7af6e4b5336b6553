"""Two judges compared: the figures by hand, and what is left out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.agreement import as_counts, compare, summary, tables


def write(folder: Path, outcomes: str, judge: str = "rule", response: str = "knee", earlier: str = "") -> str:
    """A run whose answers were found correct (c), incorrect (i), unparsed (p) or missing (u), two an image."""
    words = {"c": "correct", "i": "incorrect", "p": "unparsed", "u": "missing"}
    folder.mkdir()
    with (folder / "1_samples_radvqa_anatomy_open.jsonl").open("w") as file:
        for number, outcome in enumerate(outcomes):
            record: dict[str, object] = {
                "key": f"k{number}",
                "cluster": f"image-{number // 2}",
                "cell": "anatomy_open",
                "format": "open",
                "arm": "image",
                "scores": {},
                "fingerprint": "f",
                "version": "1-A",
                "response": response,
            }
            record |= {"question": "Which?", "target": "knee", "outcome": words[outcome], "judge": judge}
            if earlier:
                record |= {"earlier_verdicts": [{"judge": "rule", "outcome": words[earlier[number]]}]}
            file.write(json.dumps({"filtered_resps": response, "record": record}) + "\n")
    return str(folder)


def test_the_figures_are_those_by_hand(tmp_path: Path) -> None:
    """10 answers: 4 both correct, 3 both incorrect, 2 only the first, 1 only the second."""
    found = compare(write(tmp_path / "a", "cccciiicci"), write(tmp_path / "b", "cccciiiiic"))
    assert found.counts == {(True, True): 4, (False, False): 3, (True, False): 2, (False, True): 1}
    assert found.share.value == pytest.approx(7 / 10)
    # Chance: 0.6 x 0.5 + 0.4 x 0.5 = 0.5, so kappa = (0.7 - 0.5) / (1 - 0.5).
    assert found.kappa.value == pytest.approx(0.4)
    assert [key for key, _, _ in found.disagreements] == ["k7", "k8", "k9"]
    assert found.kappa.low < 0.4 < found.kappa.high
    assert found.share.clusters == 5


def test_unparsed_is_incorrect_and_missing_is_left_out(tmp_path: Path) -> None:
    """A judge's failure is no opinion."""
    found = compare(write(tmp_path / "a", "cpuc"), write(tmp_path / "b", "cicu"))
    assert found.counts == {(True, True): 1, (False, False): 1}
    assert found.left_out == {"without a verdict": 2}


def test_other_responses_are_not_compared(tmp_path: Path) -> None:
    """Judges are compared on the same responses only."""
    first = write(tmp_path / "a", "ci")
    with pytest.raises(RunError, match="2 with another response"):
        compare(first, write(tmp_path / "b", "ci", response="hip"))


def test_two_judges_of_one_run_are_compared(tmp_path: Path) -> None:
    """RUN@JUDGE takes the verdicts of that judge, present or earlier."""
    run = write(tmp_path / "a", "ccii", judge="judge-1", earlier="cici")
    found = compare(f"{run}@rule", f"{run}@judge-1")
    assert found.names == ("rule", "judge-1")
    assert found.counts == {(True, True): 1, (False, True): 1, (True, False): 1, (False, False): 1}
    with pytest.raises(RunError, match="its judges are judge-1, rule"):
        compare(f"{run}@rule", f"{run}@other")


def test_a_judge_is_compared_with_people(tmp_path: Path) -> None:
    """A CSV of labels needs a key and a label; what is not in both is counted."""
    labels = tmp_path / "labels.csv"
    labels.write_text("\ufeffkey,label,by\nk0,correct,me\nk1,0,me\nk2,Incorrect,me\nk9,1,me\n", encoding="utf-8")
    found = compare(write(tmp_path / "a", "cciu"), str(labels))
    assert found.counts == {(True, True): 1, (True, False): 1, (False, False): 1}
    assert found.left_out == {"only in rule": 1, "only in labels.csv": 1}
    assert found.share.clusters == 2  # the run knows the images


def test_the_counts_for_a_corrected_estimate_are_those_by_hand(tmp_path: Path) -> None:
    """Outcomes of the judge by the labels' word, in all, by cell, and by image for errors clustered on images."""
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\nk0,1\nk1,0\nk2,1\nk3,0\nk4,0\nk5,1\n")
    found = as_counts(compare(write(tmp_path / "a", "ccipcu"), str(labels)))
    counts = {
        "correct": {"correct": 1, "incorrect": 2},
        "incorrect": {"correct": 1, "incorrect": 0},
        "declined": {"correct": 0, "incorrect": 0},
        "unparsed": {"correct": 0, "incorrect": 1},
    }
    assert (found["schema"], found["judge"], found["labels"], found["n"]) == (
        "radvqa.agreement/1",
        "rule",
        "labels.csv",
        5,
    )
    assert found["counts"] == counts and found["cells"] == {"anatomy_open": counts}
    # Of each image: rightly and wrongly found correct, wrongly and rightly found incorrect.
    assert found["clusters"] == [[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0]]
    assert found["left_out"] == {"without a verdict": 1}


@pytest.mark.parametrize("row", ["k1,maybe", "k1,", ",correct", "k1"])
def test_a_bad_label_is_named(tmp_path: Path, row: str) -> None:
    """File, line and what it may hold."""
    labels = tmp_path / "labels.csv"
    labels.write_text(f"key,label\nk0,1\n{row}\n")
    with pytest.raises(RunError, match="labels.csv, line 3"):
        compare(write(tmp_path / "a", "cc"), str(labels))


def test_kappa_that_cannot_be_told_is_said_to_be_so(tmp_path: Path) -> None:
    """All correct on both sides is full agreement, which chance alone would reach: not 0, not 1, not an error."""
    found = compare(write(tmp_path / "a", "cccc"), write(tmp_path / "b", "cccc"))
    assert found.share.value == 1.0 and math.isnan(found.kappa.value)
    assert "cannot be told" in summary(found)


def test_a_hostile_response_is_listed_as_text(tmp_path: Path) -> None:
    """Markup and terminal codes of a response are shown, not obeyed."""
    response = "[red]knee[/red] \x1b[2J [/]"
    found = compare(write(tmp_path / "a", "c", response=response), write(tmp_path / "b", "i", response=response))
    console = Console(width=200, record=True, file=(tmp_path / "out").open("w"))
    for table in tables(found, 10):
        console.print(table)
    text = console.export_text()
    assert "[red]knee[/red]" in text and "\x1b" not in text

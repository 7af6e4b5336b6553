"""The report's sentences: each says what the numbers say, and no more."""

from __future__ import annotations

from dataclasses import replace

from runs_support import arm, changed, records

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.report.findings import findings
from radimagenet_vqa_tasks.report.sections import sections


def said(*arms: object) -> dict[str, str]:
    """The sentences by the question that they answer."""
    return {one.question: " ".join(one.sentences) for one in findings(arms, Scheme())}  # type: ignore[arg-type]


def test_how_sure_goes_by_what_is_independent() -> None:
    """Of the sample, whose forty slices come from eight scans, the scans are counted and named."""
    answers = [
        changed(one, picture=one.cluster, cluster=f"scan{int(one.cluster[5:]) % 8}")
        for one in records(40, lambda image, cell: image % 2 == 0)
    ]
    found = said(replace(arm("m", answers), is_sample=True))
    assert found["How sure"].startswith("360 questions about 8 scans leave ")


def test_one_run_says_how_good_and_how_sure() -> None:
    """40 images, half right in each of nine cells: 50 %, with an interval, beside guessing."""
    found = said(arm("m", records(40, lambda image, cell: image % 2 == 0)))
    assert found["What was run"].startswith("m: 360 questions about 40 images, with the images")
    assert found["How good"].startswith("m: 50.0 % [")
    assert "on average over 9 kinds of questions. Uniform guessing gets " in found["How good"]
    assert found["How sure"].startswith("360 questions about 40 images leave ")
    assert (
        found["Can the reading be trusted"]
        == "Every answer could be read and judged. Open answers were judged by rule."
    )


def test_runs_that_differ_are_told_apart_and_others_are_not() -> None:
    """All against half: better by 50 points. The same answers twice: not told apart, and they agree."""
    half = records(40, lambda image, cell: image % 2 == 0)
    better = said(arm("half", half), arm("all", records(40)))["How sure"]
    assert better.startswith("all is better than half by 50.0 points [")
    same = said(arm("one", half), arm("two", half))["How sure"]
    assert same.startswith("one and two cannot be told apart: 0.0 points [")
    assert "kappa of 1.00" in same


def test_image_that_adds_nothing_is_said_to() -> None:
    """First of all, the gain with its interval; nothing is claimed where it holds 0, or where nobody asked."""
    half = records(40, lambda image, cell: image % 2 == 0)
    blind = arm("m", [changed(one, arm="textonly") for one in half])
    found = said(arm("m", half), blind)
    assert list(found)[:2] == ["What was run", LOOKS]
    assert "Not shown that it gains by the image in anatomy: +0.0 points [" in found[LOOKS]
    assert "Gains by the image in anatomy: +50.0 points [" in said(arm("m", records(40)), blind)[LOOKS]
    assert "m: not asked without the images" in said(arm("m", records(40)))[LOOKS]


def test_runs_in_several_arms_have_all_tables() -> None:
    """With another arm than text only, the report has what is measured of all of them."""
    arms = [arm("m", records(8, arm=name)) for name in ("image", "textonly", "blank")]
    [section] = sections(arms, Scheme())
    assert section.parts[0].title.startswith("Whether it looks")
    assert any("answers given as if there were an image" in sheet.title for sheet in section.parts[0].sheets)
    [section] = sections(arms[:2], Scheme())
    assert not section.parts[0].title.startswith("Whether it looks")


LOOKS = "Does it look at the image"


def test_answers_that_could_not_be_read_are_counted() -> None:
    """Whose, how many, and what they count as."""
    unread = records(2, cells=["anatomy_open"], outcome="unparsed") + records(38, cells=["anatomy_mc"])
    assert said(arm("m", unread))["Can the reading be trusted"].startswith(
        "m: 2 could not be read, counted as wrong (5.0 %)."
    )


def test_weakest_kind_and_group_are_named() -> None:
    """The cell least above guessing, and the region with the lowest share."""
    found = said(arm("m", records(60, lambda image, cell: cell != "anatomy_mc" and image % 3 > 0)))["Where it fails"]
    assert "least above guessing (-25.0 points) in anatomy MC, 0.0 %" in found
    assert "by location least right for brain, 0.0 %" in found


def test_many_runs_are_told_by_the_first_and_the_last() -> None:
    """Twenty runs do not make twenty sentences of each kind."""
    arms = [arm(f"run{n}", records(20, lambda image, cell, n=n: image < n)) for n in range(1, 21)]
    found = said(*arms)
    assert found["How good"].startswith("Of 20 runs the best and the last: run20: 100.0 %")
    assert all(len(text) < 700 for text in found.values())


def test_hostile_names_stay_names() -> None:
    """No code of a name reaches a sentence, and no name pushes the rest away."""
    found = said(arm("\u202e<b>" + "x" * 500, records(4)))
    assert all("\u202e" not in text and len(text) < 500 for text in found.values())

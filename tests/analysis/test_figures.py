"""Figures: which are drawn, that they are the same every time, and that no name breaks or enters them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from runs_support import arm, changed, record, records

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.figures import Figure, draw, write
from radimagenet_vqa_tasks.analysis.figures.cells import cells_figure
from radimagenet_vqa_tasks.analysis.figures.drawing import EACH
from radimagenet_vqa_tasks.analysis.figures.figure import MOST, Look, settings
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, Record, Shown

TEXT = "{http://www.w3.org/2000/svg}text"
EVIL = ("$\\frac{1", "$x_1$", "<script>&amp;]]>\x00\x1b[2J\u202e", "名前 \U0001f600" * 90)


@pytest.fixture(scope="module")
def both() -> list[Figure]:
    """Two runs and the text-only arm of the first."""
    first = arm("first", records(12, lambda image, cell: image % 2 == 0))
    blind = arm("first", records(12, lambda image, cell: image % 3 == 0, arm="textonly"))
    return draw([first, blind, arm("second", records(12))])


def texts(figure: Figure) -> list[str]:
    """All texts in a figure."""
    return ["".join(element.itertext()) for element in ElementTree.fromstring(figure.svg).iter(TEXT)]


def cells(*arms: Arm) -> Figure:
    """The figure of the cells alone."""
    with settings("light"):
        return cells_figure(arms, Scheme(), Look("light"))


def test_only_what_the_arms_support_is_drawn(both: list[Figure]) -> None:
    """What would show nothing is not drawn: one run's differences, two runs' agreement, reading without a fault."""
    alone = [figure.name for figure in draw([arm("m", records(4))])]
    assert alone == ["cells", "regions-1"]
    assert [figure.name for figure in both] == ["cells", "blind-1", "differences", "regions-1", "regions-2"]
    unread = records(4, outcome="unparsed", extracted=None)
    more = [figure.name for figure in draw([arm(name, unread) for name in "abc"])]
    assert {"agreement", "reliability"} <= set(more)


def swapped(image: int) -> Record:
    """Right for the other image on every third question, for the own one on the others."""
    one = record(image, "pathology_mc", image % 3 > 0, arm="swapped")
    one.shown, one.scores[SHOWN_RIGHT] = Shown(f"image{image + 1}:pathology_mc", "A"), float(image % 3 == 0)
    return one


def test_several_arms_have_figures_of_their_own() -> None:
    """All in one row a cell, what is followed, and who declines; the cells' figure keeps to the first two arms."""
    own = arm("m", [record(image, "pathology_mc") for image in range(12)])
    other = arm("m", list(map(swapped, range(12))))
    figures = {one.name: texts(one) for one in draw([own, other])}
    assert list(figures)[:3] == ["cells", "arms-1", "follows-1"]
    assert {"own image", "other image", "own minus other image"} <= set(figures["arms-1"])
    assert any(text.startswith("+33.3 [") for text in figures["arms-1"])
    assert {"right for the shown image", "right for the own image", "effect of the image"} <= set(figures["follows-1"])
    assert "m (another image)" not in figures["cells"]
    declined = [record(image, "pathology_mc", False, arm="told", outcome="declined") for image in range(6)]
    told = arm("m", [*declined, *(record(image, "pathology_mc", arm="told") for image in range(6, 12))])
    names = [
        one.name for one in draw([own, arm("m", [record(i, "pathology_mc", arm="blank") for i in range(12)]), told])
    ]
    assert "mirages-1" in names and "follows-1" not in names and "blind-1" not in names


def test_other_data_is_not_set_against_the_first_run() -> None:
    """What `compare` refuses is not drawn either."""
    other = arm("other", records(4, fingerprint="f" * 16))
    names = [figure.name for figure in draw([arm("m", records(4)), other])]
    assert "differences" not in names and "agreement" not in names


def test_numbers_in_the_figures_are_those_of_the_tables(both: list[Figure]) -> None:
    """The gain in points, the regions' shares and their images, by hand: 6 of 12 right with, 4 without the image."""
    by_name = {figure.name: texts(figure) for figure in both}
    assert any(text.startswith("+16.7 [") for text in by_name["blind-1"])
    assert {"brain (4)", "knee (4)", "lung (4)", "all (12)", "50"} <= set(by_name["regions-1"])
    assert "100" in by_name["regions-2"]


def test_pathologies_with_ten_questions_are_ranked() -> None:
    """Of 24 pathologies the best ten and the worst ten, the best first; those with nine questions are left out."""
    found = [
        record(100 * kind + number, "pathology_mc", number < 10 * kind // 24, pathology=f"finding {kind:02}")
        for kind in range(24)
        for number in range(10)
    ] + [record(10_000 + number, "pathology_mc", pathology="rare") for number in range(9)]
    [figure] = [one for one in draw([arm("m", found)]) if one.name == "pathologies-1"]
    names = [text for text in texts(figure) if text.startswith("finding")]
    assert len(names) == 20 and "rare (9)" not in texts(figure)
    assert (names[0], names[-1]) == ("finding 22 (10)", "finding 02 (10)")  # the first of those with 9, the last with 0
    assert "24 of 25 pathologies have at least 10" in figure.caption


def test_drawing_twice_gives_the_same_bytes() -> None:
    """No dates, no random identifiers: a figure under version control changes only with its numbers."""
    once, again, light = (draw([arm("m", records(4))], theme) for theme in ("dark", "dark", "light"))  # type: ignore[arg-type]
    assert [one.svg for one in once] == [one.svg for one in again] != [one.svg for one in light]
    assert once[0].png == again[0].png != light[0].png
    assert b"<dc:date>" not in once[0].svg


def test_a_users_settings_of_matplotlib_do_not_matter() -> None:
    """A style file or a notebook's rcParams neither change the figures nor are changed by them."""
    expected = cells(arm("m", records(2))).svg
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        assert cells(arm("m", records(2))).svg == expected
        assert matplotlib.rcParams["font.size"] == 30


@pytest.fixture
def loud() -> Iterator[None]:
    """Any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_hostile_names_are_shown_as_they_are(loud: None) -> None:
    """Mathematics, markup, terminal codes, missing glyphs and length: no crash, no warning, no mark-up of their own."""
    figures = draw([arm(name, records(2)) for name in EVIL] + [arm(EVIL[0], records(2, arm="textonly"))])
    for figure in figures:
        root = ElementTree.fromstring(figure.svg)
        assert not {"script", "a", "foreignObject"} & {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not any(char in text for text in texts(figure) for char in "\x00\x1b\u202e")
    assert {"$\\frac{1", "$x_1$"} <= set(texts(figures[0]))
    assert figures[0].png.startswith(b"\x89PNG")


def test_nothing_scored_is_drawn_without_a_crash(loud: None) -> None:
    """Only missing answers, or a single cell: figures with gaps, not errors."""
    missing = [changed(one, outcome="missing") for one in records(3, cells=["pathology_open"])]
    for found in (missing, records(1, cells=["anatomy_mc"])):
        for figure in draw([arm("m", found), arm("n", found)]):
            assert figure.svg


def test_many_runs_are_cut_and_the_caption_says_so() -> None:
    """More runs than colours that can be told apart: the first are drawn."""
    figures = draw([arm(f"run {number}", records(1)) for number in range(MOST + 2)])
    assert f"The first {MOST} of {MOST + 2} runs" in figures[0].caption
    assert sum(figure.name.startswith("regions") for figure in figures) == EACH


def test_every_run_is_in_the_legend_whatever_it_is_called() -> None:
    """A run named like the ticks, and two long names that are cut to the same beginning, keep entries of their own."""
    names = ("uniform guessing", "a" * 80 + "1", "a" * 80 + "2")
    legend = texts(cells(*(arm(name, records(2), is_sample=True) for name in names)))
    assert sum(text.startswith("uniform guessing") for text in legend) == 2
    assert sum(text.startswith("aaa") for text in legend) == 2


def test_the_sample_is_not_drawn_beside_published_values() -> None:
    """The benchmark's rows stand beside benchmark runs, the model's own where it has one; never beside the sample."""
    of_sample = cells(arm("Qwen2.5-VL-7B-Instruct", records(2), is_sample=True))
    own = cells(arm("Qwen/Qwen2.5-VL-7B-Instruct", records(2)))
    other = cells(arm("mine", records(2)))
    assert not any("published" in text or "paper" in text for text in texts(of_sample))
    assert "no claim about a model" in of_sample.caption
    assert "published: Qwen2.5-VL-7B-Instruct" in texts(own)
    assert "The paper names two versions of its judge" in own.caption
    assert "paper's best: InternVL3.5-14B" in texts(other)


def test_files_are_named_after_figures_alone(both: list[Figure], tmp_path: Path) -> None:
    """A run's name never becomes part of a path."""
    paths = write(both[:2], tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["cells.svg", "cells.png", "blind-1.svg", "blind-1.png"]
    assert all(figure.name.replace("-", "").isalnum() for figure in both)


def test_settings_end_with_the_drawing() -> None:
    """Nothing of the theme is left behind."""
    before = dict(matplotlib.rcParams)
    with settings("dark"):
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before

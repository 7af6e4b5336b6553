"""The studies as users run them, through the real runner: sample, comparators' stand-ins, the pack's own backends."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import comparators
import pytest

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.run import evaluation
from radimagenet_vqa_tasks.study import commands
from radimagenet_vqa_tasks.study.commands import Asked

pytestmark = pytest.mark.host

FOUR = ("radvqa_sample", "vqarad", "slake", "mmmu_med")
OPEN_AND_MC = {"radvqa": 160, "vqarad": 180, "slake": 455, "mmmu_med": 140}  # questions of the stand-ins

Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """What a study printed and left."""

    asked: Asked
    printed: str
    said: str

    @property
    def tables(self) -> list[list[Row]]:
        """The rows of each printed table."""
        return [table["rows"] for table in json.loads(self.printed)["tables"]]


def show(study: Any, asked: Asked, *args: Any, **kwargs: Any) -> Shown:
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as said:
        study(asked, *args, **kwargs)
    return Shown(asked, printed.getvalue(), said.getvalue())


@pytest.fixture(scope="module")
def shortcuts(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The prior on the sample and the stand-ins, with and without images."""
    folder = tmp_path_factory.mktemp("shortcuts")
    data = [f"{name}={path}" for name, path in comparators.write_all(folder / "data").items()]
    options = ("--model", "radvqa_prior")
    return show(commands.shortcuts, Asked(options, (), data, folder / "runs", "json", Scheme()), FOUR)


@pytest.fixture(scope="module")
def distractors(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Uniform guessing on the sample's ten abnormal images."""
    options = ("--model", "radvqa_chance", "--model_args", "seed=3")
    asked = Asked(options, (), (), tmp_path_factory.mktemp("distractors"), "json", Scheme())
    return show(commands.distractors, asked, sample=True)


def test_shortcuts_show_every_bar_of_figure_4(shortcuts: Shown) -> None:
    """Five open rows and four multiple-choice ones, each without and with the images."""
    figure_4 = shortcuts.tables[0]
    assert [row["row"] for row in figure_4[::2]] == [
        *("open: RadImageNet-VQA", "open: its anatomy", "open: its pathology", "open: VQA-RAD", "open: SLAKE"),
        *("MC: RadImageNet-VQA", "MC: its anatomy", "MC: its pathology", "MC: MMMU-Med-val"),
    ]
    assert [row["with_image"] for row in figure_4] == [False, True] * 9
    counts = {row["row"]: row["n"] for row in figure_4}
    assert (counts["open: VQA-RAD"], counts["open: SLAKE"], counts["MC: MMMU-Med-val"]) == (180, 455, 140)


def test_prior_gets_what_is_computed_for_it(shortcuts: Shown) -> None:
    """Through the runner, from prompts, the backend is right exactly as often as the level says it is."""
    for row in shortcuts.tables[0]:
        assert row["accuracy"] == pytest.approx(row["prior"]), row["row"]
        assert row["low"] <= row["accuracy"] <= row["high"]


def test_figure_10_shows_the_default_answer(shortcuts: Shown) -> None:
    """The prior always takes "no pathology seen": right on all normal images, on no abnormal one."""
    assert {row["group"]: (row["accuracy"], row["n"]) for row in shortcuts.tables[1]} == {
        "normal": (1.0, 30),
        "abnormal": (0.0, 10),
    }


def test_gain_of_a_backend_that_never_looks_is_nothing(shortcuts: Shown) -> None:
    """One paired table a benchmark, and in none of them do the images add anything."""
    gains = shortcuts.tables[2:]
    assert [len(table) for table in gains] == [10, 3, 3, 6]
    for table in gains:
        for row in table:
            assert (row["gain"], row["only_with"], row["only_without"]) == (0, 0, 0)


def test_shortcuts_say_first_what_they_will_ask(shortcuts: Shown) -> None:
    """360, 451, 1,061 and 140 questions, all of them twice, before any is asked; no judge is called."""
    cost = shortcuts.said.partition("Guessing")[0]
    for said in ("RadImageNet-VQA (embedded sample)", "360", "451", "1,061", "140", "4,024", "judged by rule"):
        assert said in cost


def test_study_leaves_tables_figures_and_examples(shortcuts: Shown) -> None:
    """In the output folder, beside the logs; figures as SVG and PNG."""
    folder = shortcuts.asked.output
    page = (folder / "shortcuts.md").read_text()
    assert "Figure 4" in page and "](figure-4.svg)" in page and "](figure-10.svg)" in page
    for name in ("figure-4", "figure-10"):
        assert b"radvqa_prior" in (folder / f"{name}.svg").read_bytes()
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    examples = (folder / "examples.md").read_text()
    assert examples.count("\n## ") == 4
    assert examples.count("Right only with the image: 0 of") == 4
    for questions in OPEN_AND_MC.values():
        assert f" of {questions} questions" in examples


def test_finished_study_and_finished_runs_show_the_same(shortcuts: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command again, and --runs on its folder, ask nobody and print the same numbers."""
    monkeypatch.setattr(evaluation, "run", None)
    again = show(commands.shortcuts, shortcuts.asked, FOUR)
    assert "answered before" in again.said
    finished = replace(shortcuts.asked, options=(), runs=(f"radvqa_prior={shortcuts.asked.output}",))
    shown = show(commands.shortcuts, finished, FOUR)
    assert again.printed == shown.printed == shortcuts.printed


def test_distractors_ask_ten_images_three_times(distractors: Shown) -> None:
    """Table 4 has its three columns on the sample's ten abnormal images; the differences pair all ten."""
    table_4, differences, chosen = distractors.tables
    assert [row["cell"] for row in table_4] == [f"pathology_mc_nps{share}" for share in ("000", "030", "100")]
    assert {row["n"] for row in table_4} == {10}
    assert [(row["from"][-3:], row["to"][-3:], row["n"]) for row in differences] == [
        ("000", "030", 10),
        ("000", "100", 10),
        ("030", "100", 10),
    ]
    shares = {row["cell"]: row["accuracy"] for row in table_4}
    for row in differences:
        assert row["difference"] == pytest.approx(shares[row["to"]] - shares[row["from"]])
    assert [row["offered"] for row in chosen] == [0, 3, 10]
    assert chosen[0]["chosen"] is None


def test_distractors_show_the_published_rows_as_other_questions(distractors: Shown) -> None:
    """The paper's four models stand below, with the warning that they answered other questions."""
    page = (distractors.asked.output / "distractors.md").read_text()
    for said in ("published\\: Lingshu-7B | 59.2 | 54.9 | 49.1", "On other questions than these", "](table-4.svg)"):
        assert said in page


def test_encoders_show_finished_runs_side_by_side(shortcuts: Shown, tmp_path: Path) -> None:
    """Figure 6 of two names for one run: both have the same numbers on all three benchmarks."""
    with redirect_stdout(io.StringIO()) as printed:
        runs = [f"{name}={shortcuts.asked.output}" for name in ("first", "second")]
        commands.encoders(runs, tmp_path, "json", Scheme())
    [rows] = [table["rows"] for table in json.loads(printed.getvalue())["tables"]]
    first, second = ([row for row in rows if row["run"] == name] for name in ("first", "second"))
    assert [row["benchmark"] for row in first] == ["RadImageNet-VQA"] * 2 + ["VQA-RAD"] * 2 + ["SLAKE (English)"] * 2
    assert [row["accuracy"] for row in first] == [row["accuracy"] for row in second]
    assert {path.name for path in tmp_path.iterdir()} == {"encoders.md", "figure-6.svg", "figure-6.png"}

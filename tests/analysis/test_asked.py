"""Runs that were asked otherwise: what differs is said in words, and they neither compare nor rank as if it did not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from runs_support import arm, changed, records, write

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.asked import unlike, unlike_task, words_beside
from radimagenet_vqa_tasks.analysis.compare import compare_sheets, obstacles
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.published import published_sheet
from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.analysis.table import main_sheet
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.models.asked import digest, template_of, words

GREEDY: dict[str, Any] = {"max_new_tokens": 8192, "temperature": 0, "top_p": 0.0001, "until": []}
MC = "\nQuestion: {question}\nOptions: \nA. {choice}\nAnswer with the option's letter from the given choices directly."


def asked(
    name: str, prompt: str = MC, system: str = "", right: bool = True, views: str = ALL_VIEWS, **settings: Any
) -> Arm:
    """An arm whose multiple-choice questions were asked so; `settings` change the greedy ones, None takes one away."""
    said = words(prompt, system, {**GREEDY, **settings}, views)
    found = records(8, lambda image, cell: right or image > 3, cells=["anatomy_mc"], asked=digest(said))
    return arm(name, found, asked_words={digest(said): said})


@pytest.mark.parametrize(
    ("second", "refused", "marked"),
    [
        ({"temperature": 0.7}, "temperature 0 against 0.7", ""),
        (
            {"prompt": MC.replace("directly", "and explain")},
            "prompt 'n choices directly.' against 'n choices and explain.'",
            "",
        ),
        ({"views": "frontal"}, "views all against frontal", ""),
        ({"repetition_penalty": 1.1}, "repetition_penalty none given against 1.1", ""),
        ({"temperature": None}, "", "temperature 0 against none given"),
        (
            {"system": "You are a helpful assistant."},
            "",
            "system text none given against 'You are a helpful assistant.'",
        ),
        ({"max_new_tokens": None, "max_completion_tokens": 4096}, "", "at most 8192 against 4096 tokens"),
        ({"top_p": None, "until": None, "do_sample": False, "seed": 3}, "", ""),
        ({"max_new_tokens": None, "max_completion_tokens": 8192}, "", ""),
    ],
)
def test_what_differs_is_said_in_words(second: dict[str, Any], refused: str, marked: str) -> None:
    """Another prompt or way of decoding is another task; what models do not take is marked; the idle is neither."""
    found = unlike(asked("a"), asked("b", **second))
    assert ("; ".join(found.refused), "; ".join(found.marked)) == (refused, marked)


def test_runs_that_were_asked_otherwise_do_not_compare() -> None:
    """`compare` refuses them with what differs, and what is only marked is a note."""
    with pytest.raises(RunError, match=r"they were asked otherwise \(temperature 0 against 0.7\)"):
        compare_sheets([asked("a"), asked("b", temperature=0.7)], Scheme())
    sheet = compare_sheets([asked("a"), asked("b", system="Think.")], Scheme())[0]
    assert "Asked otherwise: system text none given against 'Think.'." in sheet.notes


def test_runs_that_were_asked_otherwise_are_not_ranked() -> None:
    """A table marks the best of those that were asked alike, and says why another one is not among them."""
    alike = main_sheet([asked("a"), asked("b", right=False, max_new_tokens=4096)], Scheme())
    assert {item.mark for row in alike.rows for item in row if hasattr(item, "mark")} == {"", "best", "second"}
    apart = main_sheet([asked("a"), asked("b", right=False, temperature=1)], Scheme())
    assert {item.mark for row in apart.rows for item in row if hasattr(item, "mark")} == {""}
    assert "a and b were asked otherwise, and are not ranked: temperature 0 against 1." in apart.notes


def test_what_is_not_known_is_never_taken_for_the_same() -> None:
    """Digests without words differ, in words; a run that does not tell compares, and that is marked."""
    without = arm("b", records(8, cells=["anatomy_mc"], asked="0123456789ab"))
    assert any("whose words are not kept" in why for why in obstacles(asked("a"), without))
    silent = arm("c", records(8, cells=["anatomy_mc"]))
    found = unlike(asked("a"), silent)
    assert (found.refused, found.marked) == ((), ("how c was asked is not known",))


def test_a_published_row_is_of_the_tasks_own_prompt() -> None:
    """A run with a prompt or a temperature of its own is not set against the paper's."""
    assert unlike_task(asked("a"), ["anatomy_mc"]) == ""
    assert unlike_task(asked("a", prompt="Look. {question}"), CELLS) == "another prompt"
    assert unlike_task(asked("a", temperature=0.7), CELLS) == "temperature 0.7"
    assert unlike_task(asked("a", temperature=0.7), ["anatomy_open"]) == ""
    sheet = published_sheet(asked("Qwen2.5-VL-7B-Instruct", temperature=0.7))
    assert any("asked otherwise, temperature 0.7" in str(item) for row in sheet.rows for item in row)


def test_words_count_only_under_their_own_digest(tmp_path: Path) -> None:
    """`asked.json` is read with the run; damaged or changed words are none."""
    said = words(MC, "", GREEDY)
    held = {digest(said): said, "0123456789ab": said, "c": 1, "d": {"prompt": 1}}
    (tmp_path / "asked.json").write_text(json.dumps(held))
    assert words_beside(tmp_path) == {digest(said): json.loads(json.dumps(said))}
    found = [changed(one, asked=digest(said)) for one in records(3, cells=["anatomy_mc"])]
    write(tmp_path, found)
    [run] = read_runs([tmp_path])
    assert unlike_task(run.arms[0], CELLS) == "" and run.arms[0].asked_words
    for damaged in ("[", "[]", '{"a": NaN}', "[" * 100_000):
        (tmp_path / "asked.json").write_text(damaged)
        assert words_beside(tmp_path) == {}


@pytest.mark.parametrize(
    "choices", [["tear", "meniscal tear", "a", "letter"], ["a", "b", "no", "yes"], ["choices directly.", "x", "x", "y"]]
)
def test_a_template_has_none_of_its_questions_words(choices: list[str]) -> None:
    """Options that are parts of each other or of the instructions leave the same template behind."""
    listed = "\n".join(f"{letter}. {choice}" for letter, choice in zip("ABCD", choices, strict=True))
    prompt = MC.replace("A. {choice}", listed).replace("{question}", "Is it a tear?")
    assert template_of(prompt, "Is it a tear?", choices) == MC

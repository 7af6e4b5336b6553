"""Examples are chosen by rule, and nothing in them is markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from runs_support import STAMP, record

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.scoring.record import as_dict
from radimagenet_vqa_tasks.study.examples import examples
from radimagenet_vqa_tasks.study.pairs import pairs_of

Said = tuple[bool, str | None, str]  # right, the letter that was read, the response


def page(folder: Path, cell: str, said: list[tuple[Said, Said]], **changed: Any) -> str:
    """The page of a run on one cell: what was said with and without the image, question by question."""
    folder.mkdir()
    for side, suffix in ((0, ""), (1, "_textonly")):
        lines = []
        for image, both in enumerate(said):
            right, letter, response = both[side]
            texts = {"question": f"Question {image}?", **changed}
            of = record(
                image, cell, right, extracted=letter, arm="textonly" if side else "image", response=response, **texts
            )
            lines.append(json.dumps({"input": "prompt", "record": as_dict(of)}) + "\n")
        (folder / f"{STAMP}_samples_radvqa_{cell}{suffix}.jsonl").write_text("".join(lines), encoding="utf-8")
    [run] = read_runs([folder])
    return examples([list(pairs_of(run, [BENCHMARKS["radvqa"]]).values())])


def test_kinds_are_told_by_rule(tmp_path: Path) -> None:
    """The same right letter both ways; right only with the image; and neither of the two."""
    same = ((True, "B", "B"), (True, "B", "The answer is B."))
    only = ((True, "B", "B"), (False, "A", "A"))
    lost = ((False, "A", "A"), (True, "B", "B"))
    found = page(tmp_path / "m", "pathology_mc", [same, only, lost, only])
    kept, seen = found.split("### Right only with the image")
    assert "with and without the image: 1 of 4 questions" in kept
    assert "Question 0?" in kept and kept.count("Question") == 1
    assert seen.startswith(": 2 of 4 questions")
    assert "Question 1?" in seen and "Question 3?" in seen and "Question 2?" not in found


def test_open_answers_are_the_same_by_their_words(tmp_path: Path) -> None:
    """Case and punctuation do not count; other words for the same thing are not the same answer."""
    same = ((True, None, "Knee."), (True, None, "knee"))
    other = ((True, None, "Knee."), (True, None, "It is the knee"))
    found = page(tmp_path / "m", "anatomy_open", [same, other])
    assert "with and without the image: 1 of 2 questions" in found
    assert "with the image: Knee." in found and "without: knee" in found


def test_three_are_shown_one_a_wording_whatever_their_order(tmp_path: Path) -> None:
    """Of many the three with the smallest hash; of one wording one only."""
    only = ((True, "B", "B"), (False, "A", "A"))
    found = page(tmp_path / "many", "pathology_mc", [only] * 40)
    assert "40 of 40 questions" in found and found.count("- **Question") == 3
    assert found == page(tmp_path / "again", "pathology_mc", [only] * 40).replace("again", "many")
    alike = page(tmp_path / "alike", "pathology_mc", [only] * 40, question="What is it?")
    assert alike.count("- **What") == 1


def test_missing_answers_are_no_examples(tmp_path: Path) -> None:
    """Without a verdict nobody knows whether an answer was right."""
    only = ((True, None, "knee"), (False, None, "hip"))
    found = page(tmp_path / "m", "anatomy_open", [only], outcome="missing")
    assert "0 of 0 questions" in found


def test_hostile_texts_are_escaped(tmp_path: Path) -> None:
    """A response cannot end its line, open HTML or a link, or run on for ever."""
    evil = "B\n# Heading\n<img src=x onerror=alert(1)> [link](http://x) ![i](http://x) " + "long " * 500
    found = page(tmp_path / "m", "pathology_mc", [((True, "B", evil), (False, "A", evil))], key="`<b>`\n# key")
    outside_code = re.sub(r"`[^`\n]*`", "", found)
    assert "img" in outside_code and not re.search(r"(?<!\\)[<>\[\]]", outside_code)
    assert "\n# Heading" not in found and "\n# key" not in found
    assert max(map(len, found.splitlines())) < 500

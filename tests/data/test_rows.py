"""Whole families of questions, for what counts them and shows them without the host."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import Command, message

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.data.rows import question_columns
from radimagenet_vqa_tasks.errors import RunError

COUNTS = {"radvqa": 9000, "vqarad": 451, "slake": 1061, "slake_zh": 1033, "mmmu_med": 140}


@pytest.mark.parametrize("family", COUNTS)
def test_families_share_one_form(family: str, hub_copy: Path, comparator_copies: dict[str, Path]) -> None:
    """Whatever the data set, the columns, the kinds of targets and the promised facets are the same."""
    copies = {"radvqa": hub_copy, **comparator_copies}
    questions = question_columns(BENCHMARKS[family], copies[BENCHMARKS[family].source.name])
    assert len(questions) == len(set(questions["key"][:])) == COUNTS[family]
    assert set(questions["cell"][:]) == set(BENCHMARKS[family].cells)
    assert set(questions.column_names) == {
        *("images", "question", "choices", "target", "format", "key", "cluster", "picture", "cell"),
        *("facets", "fingerprint", "views"),
        *("arm", "shown"),
    }
    assert all(set(facets) == set(BENCHMARKS[family].facets) for facets in questions["facets"])
    for form, target, choices in zip(questions["format"], questions["target"], questions["choices"], strict=True):
        if form == "mc":
            assert target in LETTERS[: len(choices)]
        else:
            assert choices == []
            assert (target in ("yes", "no")) == (form == "closed")
    assert all(questions["images"][0])


def test_sample_is_radimagenet_vqas() -> None:
    """Its questions and their ablation come from the embedded sample; no other family does."""
    assert len(question_columns(BENCHMARKS["radvqa"], sample=True)) == 360
    assert set(question_columns(BENCHMARKS["radvqa_distractors"], sample=True)["cell"]) == set(
        BENCHMARKS["radvqa_distractors"].cells
    )
    with pytest.raises(RunError, match="no sample of VQA-RAD"):
        question_columns(BENCHMARKS["vqarad"], sample=True)


def test_the_host_is_not_imported(command: Command) -> None:
    """Reports and counts need no host, which takes its time to import."""
    script = (
        "import sys\n"
        "from radimagenet_vqa_tasks.data.rows import question_columns\n"
        "from radimagenet_vqa_tasks.benchmarks import MAIN\n"
        "question_columns(MAIN, sample=True)\n"
        "print('lmms_eval' in sys.modules, 'torch' in sys.modules)\n"
    )
    result = command(sys.executable, "-c", script)
    assert result.stdout.splitlines()[-1].startswith("False"), message(result)

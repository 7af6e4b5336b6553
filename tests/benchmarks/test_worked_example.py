"""CONTRIBUTING's worked example of a benchmark is whole: nothing else is needed for its tasks to run."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from datasets import Dataset
from make_tasks import files
from PIL import Image
from support import ROOT

from radimagenet_vqa_tasks import benchmarks, tasks
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.scoring.outcomes import process_results
from radimagenet_vqa_tasks.utils import questions as hooks


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    """The benchmark of the document, registered as its file would be."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.splitlines()) < 150
    names: dict[str, Any] = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    [benchmark] = names["BENCHMARKS"]
    monkeypatch.setitem(benchmarks.BENCHMARKS, benchmark.name, benchmark)  # type: ignore[arg-type]
    for cell in benchmark.cells:
        monkeypatch.setitem(benchmarks.BENCHMARK_OF, cell, benchmark)  # type: ignore[arg-type]
    tasks.tasks.cache_clear()
    tasks.groups.cache_clear()
    return benchmark


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    """The next test finds the pack's own tasks."""
    yield
    tasks.tasks.cache_clear()
    tasks.groups.cache_clear()


def rows() -> Dataset:
    """Four questions about two pictures."""
    found = []
    for index, (question, answer) in enumerate(
        [("Is it benign?", "Yes"), ("What is shown?", "epithelium"), ("Is it benign?", "no"), ("What is shown?", "fat")]
    ):
        buffer = io.BytesIO()
        Image.new("L", (9, 7), index // 2).save(buffer, "PNG")
        image = {"bytes": buffer.getvalue(), "path": None}
        found.append({"image": image, "question": question, "answer": answer})
    return Dataset.from_list(found)


def test_example_gives_tasks_questions_and_records(example: Benchmark) -> None:
    """Task files in five arms, the questions of its cells, and a scored record."""
    written = [name for name in files() if name.startswith("pathvqa/")]
    assert len(written) == 1 + 5 * (2 + 1)
    with pytest.raises(DataError, match="6,719 questions; here are 4"):
        hooks.radvqa_pathvqa_open(rows())
    asked = every_question(example, rows(), whole=False)
    assert [doc["cell"] for doc in asked] == ["pathvqa_closed", "pathvqa_open"] * 2
    result = process_results(asked[0], ["Yes."])
    assert (result["record"]["outcome"], result["accuracy_paper"]["score"]) == ("correct", 1)

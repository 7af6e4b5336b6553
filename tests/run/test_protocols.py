"""Both protocols through the real runner: replies with thinking, boxes, tags, markers and colons, as they came."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
import yaml
from support import ROOT, lines_of

from radimagenet_vqa_tasks.models.chance import Chance
from radimagenet_vqa_tasks.run.evaluation import run

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (ROOT / "tests" / "cases" / "two_protocols.yaml").read_text(encoding="utf-8")
)
TASKS = {"radvqa_sample_anatomy_closed_pos": "closed", "radvqa_sample_anatomy_mc": "mc"}


def case(form: str, doc_id: int) -> dict[str, Any]:
    """The cases take turns over a task's questions."""
    return CASES[form][doc_id % len(CASES[form])]


def reply(form: str, doc_id: int, target: str) -> str:
    """A case's reply to a question with this right answer."""
    text: str = case(form, doc_id)["reply"]
    return text.replace("{right}", target).replace("{wrong}", "B" if target == "A" else "A")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The sample logs of one run, by format."""

    def answer(self: Chance, request: Any) -> str:
        doc_id, task, split = request.args[-3:]
        return reply(TASKS[task], doc_id, self.task_dict[task][split][doc_id]["target"])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Chance, "answer", answer)
        output = str(tmp_path_factory.mktemp("runs"))
        result = run(["--model", "radvqa_chance", "--tasks", ",".join(TASKS), "--output_path", output])
    assert result is not None
    found = defaultdict(list)
    for line in lines_of(result.sample_logs):
        found[line["record"]["format"]].append(line)
    return found


@pytest.mark.parametrize("form", list(CASES))
def test_both_protocols_score_the_same_raw_reply(lines: dict[str, list[dict[str, Any]]], form: str) -> None:
    """The log keeps each reply as it came, thinking included, and each protocol makes of it what it should."""
    assert len(lines[form]) >= len(CASES[form])
    for line in lines[form]:
        record, expected = line["record"], case(form, line["doc_id"])
        assert record["response"] == reply(form, line["doc_id"], record["target"])
        paper = record["target"] == "A" if expected["paper"] == "first" else expected["paper"]
        found = {name: bool(line[name]["score"]) for name in ("accuracy", "accuracy_paper")}
        assert found == {"accuracy": expected["strict"], "accuracy_paper": paper}, expected["reply"]

"""Both protocols through the real runner: replies with thinking, boxes, tags, markers and colons, as they came."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, lines_of

from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.models.chance import Chance
from radimagenet_vqa_tasks.run.evaluation import run

sys.path.insert(0, str(ROOT / "tests" / "judge"))
from judge_server import CORRECT, INCORRECT, Answer, JudgeServer

pytestmark = pytest.mark.host

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (ROOT / "tests" / "cases" / "two_protocols.yaml").read_text(encoding="utf-8")
)
SAMPLE = {"radvqa_sample_anatomy_closed_pos": "closed", "radvqa_sample_anatomy_mc": "mc"}
OTHERS = {"radvqa_slake_zh_closed": "phrase", "radvqa_slake_open": "open", "radvqa_vqarad_open": "open"}
TASKS = SAMPLE | OTHERS
LIMIT = 40

Lines = dict[str, list[dict[str, Any]]]


def case(form: str, doc_id: int) -> dict[str, Any]:
    """The cases take turns over a task's questions."""
    return CASES[form][doc_id % len(CASES[form])]


def filled(text: str, target: str) -> str:
    """A case's reply, or what is shown of it, for a question with this right answer."""
    return text.replace("{right}", target).replace("{wrong}", "B" if target == "A" else "A")


def finds(prompt: str, number: int) -> Answer:
    """A judge that finds an answer correct where it is the standard one, but for case."""
    standard, users = (prompt.split(f"{label}: ")[1].split("\n\n")[0] for label in ("standard answer", "user's answer"))
    return Answer(CORRECT if standard.lower() == users.lower() else INCORRECT)


@pytest.fixture(scope="module")
def judge() -> Any:
    """The judge's server."""
    with JudgeServer(finds) as server:
        yield server


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory, comparator_copies: dict[str, Path], judge: JudgeServer) -> Lines:
    """The sample logs of one run under the paper's judge in the mode `tool`, by task."""

    def answer(self: Chance, request: Any) -> str:
        doc_id, task, split = request.args[-3:]
        return filled(case(TASKS[task], doc_id)["reply"], self.task_dict[task][split][doc_id]["target"])

    settings = {"MODEL": "mistral-large-2411", "BASE_URL": judge.url, "MODE": "tool", "CACHE": "off"}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in settings.items():
            patched.setenv(f"RADVQA_JUDGE_{name}", value)
        patched.setattr(Chance, "answer", answer)
        chosen.cache_clear()
        output = str(tmp_path_factory.mktemp("runs"))
        arguments = ["--model", "radvqa_chance", "--tasks", ",".join(TASKS), "--limit", str(LIMIT)]
        result = run([*arguments, "--output_path", output], comparator_copies)
        used = chosen()
        assert result is not None and used is not None
        used.close()
    chosen.cache_clear()
    found = defaultdict(list)
    for line in lines_of(result.sample_logs):
        found[f"radvqa_{line['record']['cell']}"].append(line)
    return found


@pytest.mark.parametrize("task", list(TASKS))
def test_both_protocols_score_the_same_raw_reply(lines: Lines, task: str) -> None:
    """The log keeps each reply as it came, thinking included, and each protocol makes of it what it should."""
    form = TASKS[task]
    logged = lines[task.replace("_sample", "")]
    assert len(logged) >= len(CASES[form])
    for line in logged:
        record, expected = line["record"], case(form, line["doc_id"])
        assert record["response"] == filled(expected["reply"], record["target"])
        paper = record["target"] == "A" if expected["paper"] == "first" else expected["paper"]
        found = {name: bool(line[name]["score"]) for name in ("accuracy", "accuracy_paper")}
        assert found == {"accuracy": expected["strict"], "accuracy_paper": paper}, expected["reply"]


@pytest.mark.parametrize(("task", "lowers"), [("radvqa_slake_open", False), ("radvqa_vqarad_open", True)])
def test_the_tool_s_judge_is_shown_what_the_tool_shows_it(
    lines: Lines, judge: JudgeServer, task: str, lowers: bool
) -> None:
    """The box, the answer element or all of a reply, in small letters for VQA-RAD alone, in the layout of the tool."""
    for line in lines[task]:
        record = line["record"]
        shown = [record["target"], filled(case("open", line["doc_id"])["shown"], record["target"])]
        standard, users = (text.lower().strip() for text in shown) if lowers else shown
        asked = f"The standard answer: {standard}\n\nThe user's answer: {users}\n\nPlease"
        assert any(asked in prompt for prompt in judge.prompts), asked
        assert record["judge"] == "mistral-large-2411+tool"

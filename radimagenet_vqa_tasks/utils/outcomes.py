"""Responses to outcomes: what the sample log keeps of every question, and all that later analysis needs.

Nothing here may raise, whatever a model says: the host would lose the whole run, generations included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from radimagenet_vqa_tasks.judge.rule import judge_answer
from radimagenet_vqa_tasks.utils.extraction import extract_option, extract_yes_no
from radimagenet_vqa_tasks.utils.paper_protocol import paper_closed, paper_option

TASK_VERSION = "1-A"  # the N-X of the task files' metadata.version; see CHANGELOG.md

Outcome = Literal["correct", "incorrect", "unparsed", "unjudged"]


@dataclass(frozen=True)
class Scored:
    """What became of one response.

    Attributes:
        extracted: the letter, "yes" or "no" that was read; None where nothing was, and for open answers.
        outcome: one of the four words of the documentation.
        correct_in_paper: whether the paper's own tool would have counted it as right.
        judge: who judged an open answer; None for the other formats.
        reason: the judge's reason code; None for the other formats.
    """

    extracted: str | None
    outcome: Outcome
    correct_in_paper: bool
    judge: str | None = None
    reason: str | None = None


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """The host's scoring hook: {"accuracy", "accuracy_paper", "record"} of one question.

    The first two hold `score` (1 or 0) and `cluster`, from which the host computes means and clustered standard
    errors; `score` is absent where there is no verdict. `record` goes to the sample log only.
    """
    response = results[0] if results and isinstance(results[0], str) else ""
    scored = score(doc, response)
    shared = {"cluster": doc["cluster"], "cell": doc["cell"]}
    strict = {} if scored.outcome == "unjudged" else {"score": int(scored.outcome == "correct")}
    return {
        "accuracy": {**strict, **shared},
        "accuracy_paper": {"score": int(scored.correct_in_paper), **shared},
        "record": record(doc, scored),
    }


def score(doc: Mapping[str, Any], response: str) -> Scored:
    """Read and score one response, by the strict protocol and by the paper's."""
    if doc["format"] == "open":
        return _score_open(doc, response)
    target = doc["target"]
    if doc["format"] == "mc":
        extracted = extract_option(response, doc["choices"])
        in_paper = paper_option(response, doc["choices"]) == target
    else:
        extracted = extract_yes_no(response, bare_normal=doc["facets"]["subject"] == "abnormality")
        in_paper = paper_closed(response, target)
    return Scored(extracted, _outcome(extracted, target), in_paper)


def _outcome(extracted: str | None, target: str) -> Outcome:
    if extracted is None:
        return "unparsed"
    return "correct" if extracted == target else "incorrect"


def _score_open(doc: Mapping[str, Any], response: str) -> Scored:
    facets = doc["facets"]
    verdict = judge_answer(response, doc["target"], subject=facets["subject"], location=facets["location"])
    return Scored(None, verdict.outcome, verdict.outcome == "correct", judge="rule", reason=verdict.reason)


def record(doc: Mapping[str, Any], scored: Scored) -> dict[str, Any]:
    """All that analysis needs of one question besides the response, which the host logs itself."""
    return {
        "key": doc["key"],
        "cluster": doc["cluster"],
        "cell": doc["cell"],
        "format": doc["format"],
        "with_image": doc["with_image"],
        **doc["facets"],
        "question": doc["question"],
        "choices": doc["choices"],
        "target": doc["target"],
        "extracted": scored.extracted,
        "outcome": scored.outcome,
        "correct_in_paper": scored.correct_in_paper,
        "judge": scored.judge,
        "judge_reason": scored.reason,
        "fingerprint": doc["fingerprint"],
        "version": TASK_VERSION,
    }

"""Responses to outcomes: what the sample log keeps of every question, and all that later analysis needs.

Nothing here may raise, whatever a model or a judge says: the host would lose the whole run, generations included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.benchmarks.cells import FAMILY_OF
from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.judge.llm.reply import LLMVerdict
from radimagenet_vqa_tasks.judge.rule.decision import Subject, judge_answer
from radimagenet_vqa_tasks.judge.rule.plain import judge_plain
from radimagenet_vqa_tasks.judge.verdict import Outcome, Verdict
from radimagenet_vqa_tasks.reading.extraction import extract_option, extract_phrase, extract_yes_no
from radimagenet_vqa_tasks.scoring.late import late_results
from radimagenet_vqa_tasks.scoring.paper import paper_closed, paper_option, paper_phrase

TASK_VERSION = "1-A"  # the N-X of the task files' metadata.version; see CHANGELOG.md

RULE = "rule"

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """What became of one response.

    Attributes:
        outcome: one of the four words of the documentation.
        correct_in_paper: whether the paper's own tool would have counted it as right.
        extracted: the letter, "yes", "no" or phrase that was read; None where nothing was, and for open answers.
        judge: who judged an open answer; None for the other formats.
        judge_reason: the judge's reason code; None for the other formats.
        judge_reply: the LLM judge's own words; None where there are none.
    """

    outcome: Outcome
    correct_in_paper: bool
    extracted: str | None = None
    judge: str | None = None
    judge_reason: str | None = None
    judge_reply: str | None = None


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> Results:
    """The host's scoring hook: {"accuracy", "accuracy_paper", "record"} of one question.

    The first two hold `score` (1 or 0) and `cluster`, from which the host computes means and clustered standard
    errors; `score` is absent where there is no verdict. `record` goes to the sample log only. Under the LLM judge the
    verdict is added later; see `late.py`.
    """
    response = results[0] if results and isinstance(results[0], str) else ""
    judge = chosen() if doc["format"] == "open" else None
    if judge is None:
        return _merged(_known(doc), _of(score(doc, response)))
    verdict = judge.submit(doc["question"], doc["target"], response)
    return late_results(_known(doc), lambda: _of(_score_late(verdict, judge.name)))


def score(doc: Mapping[str, Any], response: str) -> Scored:
    """Read and score one response, by the strict protocol and by the paper's; open answers by the rule judge."""
    target, family = doc["target"], FAMILY_OF[doc["cell"]].name
    if doc["format"] == "open":
        return _judged(_judged_by_rule(doc, response, family), RULE)
    if doc["format"] == "mc":
        extracted = extract_option(response, doc["choices"])
        in_paper = paper_option(response, doc["choices"]) == target
    elif doc["format"] == "phrase":
        extracted = extract_phrase(response, target, doc["question"])
        in_paper = paper_phrase(response, target)
    else:
        extracted = extract_yes_no(response, bare_normal=doc["cell"] == "abnormality_closed")
        in_paper = (paper_phrase if family == "slake" else paper_closed)(response, target)
    return Scored(_outcome(extracted, target), in_paper, extracted)


def _judged_by_rule(doc: Mapping[str, Any], response: str, family: str) -> Verdict:
    """The rule judge's verdict: by the taxonomy where there is one, else by the words of the right answer."""
    if family == "radvqa":
        subject: Subject = "anatomy" if doc["cell"] == "anatomy_open" else "pathology"
        return judge_answer(response, doc["target"], subject=subject, location=doc["facets"]["location"])
    return judge_plain(response, doc["target"], doc["question"])


def _outcome(extracted: str | None, target: str) -> Outcome:
    if extracted is None:
        return "unparsed"
    return "correct" if extracted == target else "incorrect"


def _score_late(verdict: Future[Verdict], judge: str) -> Scored:
    return _judged(verdict.result(), judge)


def _judged(verdict: Verdict, judge: str) -> Scored:
    words = {"judge": judge, "judge_reason": verdict.reason}
    if isinstance(verdict, LLMVerdict):
        return Scored(verdict.outcome, verdict.correct_in_paper, judge_reply=verdict.reply, **words)
    return Scored(verdict.outcome, verdict.outcome == "correct", **words)


def _known(doc: Mapping[str, Any]) -> Results:
    """What a result says before the response has been scored."""
    shared = {"cluster": doc["cluster"], "cell": doc["cell"]}
    record = {
        "key": doc["key"],
        **shared,
        "format": doc["format"],
        "with_image": doc["with_image"],
        **doc["facets"],
        "question": doc["question"],
        "choices": doc["choices"],
        "target": doc["target"],
        "fingerprint": doc["fingerprint"],
        "version": TASK_VERSION,
    }
    return {"accuracy": {**shared}, "accuracy_paper": {**shared}, "record": record}


def _of(scored: Scored) -> Results:
    """What the score adds."""
    strict = {} if scored.outcome == "unjudged" else {"score": int(scored.outcome == "correct")}
    record = {
        "extracted": scored.extracted,
        "outcome": scored.outcome,
        "correct_in_paper": scored.correct_in_paper,
        "judge": scored.judge,
        "judge_reason": scored.judge_reason,
        "judge_reply": scored.judge_reply,
    }
    return {"accuracy": strict, "accuracy_paper": {"score": int(scored.correct_in_paper)}, "record": record}


def _merged(known: Results, added: Results) -> Results:
    return {metric: {**values, **added[metric]} for metric, values in known.items()}

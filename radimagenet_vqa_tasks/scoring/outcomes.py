"""Responses to outcomes: what the sample log keeps of every question, and all that later analysis needs.

Nothing here may raise, whatever a model or a judge says: the host would lose the whole run, generations included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec
from loguru import logger

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import DROPPING, LETTERS
from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.judge.llm.reply import LLMVerdict
from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule
from radimagenet_vqa_tasks.judge.verdict import Outcome, Verdict, is_papers_judge
from radimagenet_vqa_tasks.reading.read import Reading, read
from radimagenet_vqa_tasks.scoring import captions
from radimagenet_vqa_tasks.scoring.captioned import caption_of
from radimagenet_vqa_tasks.scoring.late import late_results
from radimagenet_vqa_tasks.scoring.paper import paper_option, paper_phrase, paper_selected, paper_yes_no
from radimagenet_vqa_tasks.scoring.record import PAPER, SHOWN_RIGHT, STRICT, Record, Shown, as_dict
from radimagenet_vqa_tasks.scoring.response import Response, response_of

TASK_VERSION = "2-A"  # the N-X of the task files' metadata.version; see CHANGELOG.md

RULE = "rule"
CAPTION_METRICS = "caption metrics"
_CAPTIONS = captions.Pending()

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """What became of one response.

    Attributes:
        outcome: one of the five words of the documentation.
        in_paper: whether the paper's own tool would have counted it as right; None where its protocol is not known, and
            for open answers that another judge than the paper's has judged.
        extracted: the letter, "yes", "no" or phrase that was read; None where nothing was, and for open answers.
        reason: why, as a short code.
        judge: who judged an open answer; None for the other formats.
        tier: how the rule judge came to its verdict.
        judge_reply: the LLM judge's own words; None where there are none.
    """

    outcome: Outcome
    in_paper: bool | None = None
    extracted: str | None = None
    reason: str | None = None
    judge: str | None = None
    tier: str | None = None
    judge_reply: str | None = None


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> Results:
    """The host's scoring hook: {"accuracy", "accuracy_paper", "record"} of one question.

    The first two hold `score` (1 or 0) and `cluster`, from which the host computes means and clustered standard
    errors; `score` is absent where there is none, and where none is to come because the judge is not the paper's,
    `unclaimed` names that judge; `dropped` says that the paper's tool leaves the question out. `record` goes to the
    sample log only. Under the LLM judge the verdict is added later; see `late.py`.
    """
    response = response_of(results[0] if results else None)
    judge = chosen() if doc["format"] == "open" else None
    if doc["format"] == "caption":
        return _captioned(doc, response)
    if response.text is None:
        return as_results(record_of(doc, response, without_words(doc, response, judge.name if judge else None)))
    if judge is None:
        return as_results(record_of(doc, response, score(doc, response.text)))
    verdict = judge.submit(doc["question"], doc["target"], response.text, cell_called(doc["cell"]).tool_lowers)
    # Until there is a verdict, the record says that the judge owes it.
    owed = record_of(doc, response, Scored("missing", judge=judge.name))
    return late_results(
        as_results(owed), lambda: as_results(record_of(doc, response, _score_late(verdict, judge.name)))
    )


def without_words(doc: Mapping[str, Any], response: Response, judge: str | None = None) -> Scored:
    """What becomes of a response that holds no words at all, which is not the same as an empty text.

    Where the endpoint failed, nobody answered. Null content is the model's doing: the paper's tool would have had an
    empty text. No judge is asked; `judge` is whose column an open answer stands in, None for the rule judge.
    """
    if response.missing:
        return Scored("missing", reason=response.missing)
    empty = score(doc, "")
    named = judge or empty.judge
    in_paper = _in_paper_of(named, False) if named else empty.in_paper
    if cell_called(doc["cell"]).paper in DROPPING:
        in_paper = None
    if response.finish == "content_filter":
        return Scored("declined", in_paper, reason="refusal", judge=named)
    reason = "unfinished" if response.finish == "length" else "empty"
    return Scored("unparsed", in_paper, reason=reason, judge=named)


def score(doc: Mapping[str, Any], response: str) -> Scored:
    """Read and score one response, by the strict protocol and by the paper's; open answers by the rule judge."""
    target = doc["target"]
    if doc["format"] == "open":
        return _judged(_judged_by_rule(doc, response), RULE)
    reading = read(doc["format"], response, choices=doc["choices"] or (), target=target, question=doc["question"] or "")
    return Scored(_outcome(reading, target), _in_paper(doc, response), reading.extracted, reading.reason)


def _in_paper(doc: Mapping[str, Any], response: str) -> bool | None:
    """Whether the paper's tool counts a response as right; None where its protocol is not known."""
    rule, target = cell_called(doc["cell"]).paper, doc["target"]
    if rule == "option":
        return target in paper_option(response, doc["choices"])
    if rule == "phrase":
        return paper_phrase(response, target)
    if rule == "selected":
        return paper_selected(response) == target
    return target in paper_yes_no(response) if rule == "yes_no" else None


def _captioned(doc: Mapping[str, Any], response: Response) -> Results:
    """The results of a caption, measured together with others as soon as one of them is needed."""
    caption = caption_of(response)
    record = record_of(doc, response, Scored(caption.outcome, reason=caption.reason))
    if caption.outcome != "answered":
        record.scores = {} if caption.outcome == "missing" else dict.fromkeys(captions.METRICS, 0.0)
        return as_results(record)
    value = _CAPTIONS.submit(caption.text, doc["target"])
    owed = msgspec.structs.replace(record, outcome="missing", scores={}, judge=CAPTION_METRICS)

    def measured() -> Results:
        try:
            return as_results(msgspec.structs.replace(record, scores=value(), judge=captions.versions()))
        except Exception as error:  # whatever a library makes of a text, the run and its responses must stay
            logger.warning(f"the caption of {record.key!r} cannot be measured ({error}); it has no scores")
            return as_results(msgspec.structs.replace(owed, reason="no_verdict"))

    return late_results(as_results(owed), measured)


def scores_of(outcome: Outcome, in_paper: bool | None) -> dict[str, float]:
    """The scores of an outcome by metric; what is missing has no strict one."""
    scores = {} if outcome == "missing" else {STRICT: float(outcome == "correct")}
    return scores if in_paper is None else {**scores, PAPER: float(in_paper)}


def right_for_shown(doc: Mapping[str, Any], response: str, scored: Scored) -> dict[str, float]:
    """In the arm `swapped` the score of a response for the picture that was shown; empty where nothing can be said.

    Open answers are judged by rule for it, whoever judges them for the question's own picture.
    """
    target = (doc.get("shown") or {}).get("target")
    if target is None or (doc["format"] == "mc" and target not in LETTERS[: len(doc["choices"])]):
        return {}
    if doc["format"] == "open":
        verdict = _judged_by_rule(_as_shown(doc, target), response)
        return {} if verdict.outcome == "missing" else {SHOWN_RIGHT: float(verdict.outcome == "correct")}
    if doc["format"] == "phrase":
        scored = score({**doc, "target": target}, response)
        return {SHOWN_RIGHT: float(scored.outcome == "correct")}
    return {SHOWN_RIGHT: float(scored.extracted == target)}


def _for_shown(doc: Mapping[str, Any], response: Response, scored: Scored) -> dict[str, float]:
    # Where the endpoint failed, nothing was said about any picture.
    return {} if response.missing else right_for_shown(doc, response.text or "", scored)


def _as_shown(doc: Mapping[str, Any], target: str) -> dict[str, Any]:
    """The question as it would be of the picture that was shown, whose region is the answer where it is asked for."""
    facets = dict(doc["facets"] or {})
    if cell_called(doc["cell"]).judged_as == "anatomy":
        facets["location"] = target
    return {**doc, "target": target, "facets": facets}


def record_of(doc: Mapping[str, Any], response: Response, scored: Scored) -> Record:
    """The record of a question's columns and what became of its answer."""
    return Record(
        key=doc["key"],
        cluster=doc["cluster"],
        picture=doc.get("picture") or "",
        cell=doc["cell"],
        arm=doc["arm"],
        format=doc["format"],
        facets=doc["facets"] or {},
        question=doc["question"],
        choices=tuple(doc["choices"] or ()),
        target=doc["target"],
        response=response.text,
        extracted=scored.extracted,
        outcome=scored.outcome,
        reason=scored.reason,
        error=response.words or None,
        scores=scores_of(scored.outcome, scored.in_paper) | _for_shown(doc, response, scored),
        judge=scored.judge,
        tier=scored.tier,
        judge_reply=scored.judge_reply,
        fingerprint=doc["fingerprint"],
        version=TASK_VERSION,
        asked=response.asked,
        pack=__version__,
        shown=Shown(**doc["shown"]) if doc.get("shown") else None,
    )


def as_results(record: Record) -> Results:
    """A record as the host's metrics, and as "record"."""
    return {**metrics_of(record), "record": as_dict(record)}


def metrics_of(record: Record) -> Results:
    """The metrics that the cell's task file lists, with or without a score yet; see `process_results`."""
    shared = {"cluster": record.cluster, "cell": record.cell}
    names: Sequence[str] = (STRICT, PAPER) if cell_called(record.cell).paper else (STRICT,)
    if record.format == "caption":
        names = captions.METRICS
    found = {name: {**shared, **({"score": record.scores[name]} if name in record.scores else {})} for name in names}
    if PAPER in found and record.judge and not is_papers_judge(record.judge):
        found[PAPER]["unclaimed"] = record.judge
    elif PAPER in found and PAPER not in record.scores and cell_called(record.cell).paper in DROPPING:
        found[PAPER]["dropped"] = True
    return found


def _judged_by_rule(doc: Mapping[str, Any], response: str) -> Verdict:
    """The rule judge's verdict: by the taxonomy where the cell's answers are its labels, else by the answer's words."""
    subject, location = cell_called(doc["cell"]).judged_as, (doc["facets"] or {}).get("location")
    return judge_by_rule(response, doc["target"], doc["question"], subject=subject, location=location)


def _outcome(reading: Reading, target: str) -> Outcome:
    if reading.outcome == "read":
        return "correct" if reading.extracted == target else "incorrect"
    return reading.outcome


def _score_late(verdict: Future[Verdict], judge: str) -> Scored:
    return _judged(verdict.result(), judge)


def _judged(verdict: Verdict, judge: str) -> Scored:
    if not isinstance(verdict, LLMVerdict):
        return Scored(verdict.outcome, reason=verdict.reason, judge=judge, tier=verdict.tier)
    in_paper = _in_paper_of(judge, verdict.correct_in_paper)
    return Scored(verdict.outcome, in_paper, reason=verdict.reason, judge=judge, judge_reply=verdict.reply)


def _in_paper_of(judge: str, correct: bool) -> bool | None:
    """What the paper's tool would have made of an open answer: nothing is claimed under another judge."""
    return correct if is_papers_judge(judge) else None

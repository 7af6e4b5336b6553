"""The rule judge: a deterministic verdict on an open answer, free and offline, for every benchmark.

Where a benchmark has a taxonomy, the answer is read in its words (decision.py); elsewhere the right answer's own words
are looked for (by_words.py). Both read the same part of the response, and both give reason codes:

    correct      match (the right answer in its own words), synonym, part (a structure that only the region has), normal
    incorrect    negated (the right answer is denied), hedged (it is only left open), no_label (it is not named),
                 other_label, several_labels, other_words (something else is named, or more), part_of_list, normal (an
                 abnormal image is called normal), other_finding (a normal image is given a finding)
    declined     no_image, refusal, unsure
    unparsed     empty, unfinished (only thinking)
    missing      unknown_location, unknown_target (the data do not fit: not the model's fault)
"""

from __future__ import annotations

from collections.abc import Callable

from radimagenet_vqa_tasks.judge.rule.answer import offered
from radimagenet_vqa_tasks.judge.rule.by_words import judge_words
from radimagenet_vqa_tasks.judge.rule.decision import judge_labels
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.declining import Reason, may_decline, only_declines, reason_of
from radimagenet_vqa_tasks.reading.statements import LONGEST_READ
from radimagenet_vqa_tasks.reading.undress import plain

SUBJECTS = ("anatomy", "pathology")


def judge_by_rule(
    response: str, target: str, question: str = "", *, subject: str | None = None, location: str | None = None
) -> Verdict:
    """The verdict on one open answer; no text raises.

    Args:
        response: whatever the model said.
        target: the right answer: a region or a label of the taxonomy, or any text.
        question: what was asked; what it says need not be said again.
        subject: "anatomy" or "pathology" where the target is one of the taxonomy's, else anything.
        location: the region that the image shows, where the benchmark's taxonomy has one.
    """
    answer = offered(response)
    text = answer.answer[-LONGEST_READ:]  # nobody answers at greater length
    by_labels = subject in SUBJECTS and location is not None
    if by_labels:
        verdict = judge_labels(text, target, anatomy=subject == "anatomy", location=location or "")
    else:
        verdict = judge_words(text, target, question)
    if verdict.reason == "empty" and not answer.finished:
        return Verdict("unparsed", "unfinished")
    # By words alone one cannot tell whether something else is named.
    return _declined(text, verdict, reason_of if by_labels else only_declines) or verdict


def _declined(text: str, verdict: Verdict, why: Callable[[str], Reason | None]) -> Verdict | None:
    """The verdict on an answer that names nothing and declines."""
    if verdict.reason not in ("no_label", "refusal") or verdict.tier == "matched":
        return None
    # Undressing a text takes as long as judging it.
    reason = why(plain(text)) if may_decline(text) or not text.isascii() else None
    return Verdict("declined", reason or "unsure") if reason or verdict.reason == "refusal" else None

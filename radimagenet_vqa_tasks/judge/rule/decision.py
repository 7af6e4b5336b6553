"""The rule judge: a deterministic verdict on an open answer, free and offline.

It accepts what names the target and nothing else: one affirmed label of the region, in the benchmark's spelling, the
paper's, or a synonym of the taxonomy. It reads negation, hedges and refusals, and knows no medicine beyond the
taxonomy. It is stricter than a language model: a broader term ("infarct") or two labels at once are incorrect.

Reason codes:

    correct      match (the printed name), synonym, part (a structure that only the region has), normal
    incorrect    other_label, several_labels, negated (the target is denied), hedged (the target is only left open),
                 normal (an abnormal image is called normal), other_finding (a normal image is given a finding that
                 is no label of the region), no_label (readable, but names nothing of the region)
    unparsed     empty, refusal
    missing     unknown_location, unknown_target (the data do not fit the taxonomy: not the model's fault)

The word of a label after a hedge counts ("possible edema"), since radiologists hedge; what is merely not excluded
("cannot exclude edema") does not. A label denied in one place and affirmed in another is denied, unless the words
show that another instance of it is meant ("medial meniscus tear, no tear of the lateral meniscus"). A single slip of
the keyboard is mended (spelling.py), and an aside in the middle of a sentence is read behind it (asides.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.mentions import NAMES, Account, Status
from radimagenet_vqa_tasks.judge.rule.reading import read
from radimagenet_vqa_tasks.judge.rule.spelling import corrected
from radimagenet_vqa_tasks.judge.rule.vocabulary import (
    anatomy_vocabulary,
    findings_vocabulary,
    pathology_vocabulary,
)
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.canonical import words
from radimagenet_vqa_tasks.taxonomy import UnknownNameError, label_of, region_of

# "What abnormality is present?" - "None" is a wording of the taxonomy.
_BARE_DENIALS = (["no"], ["nothing"], ["nothing", "significant"], ["negative"])
_NOT_NAMES = (Kind.OTHER, Kind.NORMAL)
# "No other abnormality" is said of the rest of an image, so what is said before it is a finding, whatever its name.
_REST = frozenset({"other", "otherwise", "else", "except", "apart", "aside"})


def judge_labels(answer: str, target: str, *, anatomy: bool, location: str) -> Verdict:
    """The verdict on an answer without its dress; the target is a region, or a label of the region `location`."""
    try:
        region, wanted, normal = _wanted(target, anatomy, location)
    except UnknownNameError:
        return Verdict("missing", "unknown_target" if _is_region(location) else "unknown_location")
    tokens = corrected(words(answer))
    reading = read(tokens, anatomy_vocabulary() if anatomy else pathology_vocabulary(region))
    if anatomy:
        verdict = _judge_anatomy(reading, wanted)
    elif normal:
        verdict = _judge_normal(reading, tokens)
    else:
        verdict = _judge_pathology(reading, wanted)
    if verdict.outcome == "unparsed":
        return verdict
    return Verdict(verdict.outcome, verdict.reason, tier="matched" if reading.is_wording(tokens) else "read")


@lru_cache(maxsize=4096)
def _wanted(target: str, anatomy: bool, location: str) -> tuple[str, str, bool]:
    """The names of the place and of the right answer, and whether that is a normal image. Raises UnknownNameError."""
    region = region_of(location).name
    if anatomy:
        return region, region_of(target).name, False
    label = label_of(region, target)
    return region, label.name, label.is_normal


def _is_region(name: str) -> bool:
    try:
        return bool(region_of(name))
    except UnknownNameError:
        return False


def _judge_anatomy(reading: Account, region: str) -> Verdict:
    named = reading.values(Kind.LABEL, Status.AFFIRMED)
    parts = reading.values(Kind.PART, Status.AFFIRMED)
    if region in reading.denied(Kind.LABEL):
        return Verdict("incorrect", "negated")
    # A name outranks parts: "the knee, with the femoral condyle and the lower leg" names one region.
    either = reading.lists and reading.beside(region, _NOT_NAMES, alternatives=True)
    if either or (region in named and reading.beside(region, NAMES, alternatives=False)):
        return Verdict("incorrect", "several_labels")
    if named:
        return _among(named, region)
    if parts:
        return Verdict("correct", "part") if set(parts) == {region} else _among(parts, region)
    return _nothing_affirmed(reading, region)


def _judge_pathology(reading: Account, label: str) -> Verdict:
    named = reading.values(Kind.LABEL, Status.AFFIRMED)
    if label in reading.denied(Kind.LABEL):
        return Verdict("incorrect", "negated")
    if label in named and (reading.calls_all_normal() or reading.beside(label, _NOT_NAMES, alternatives=True)):
        return Verdict("incorrect", "several_labels")
    if named:
        return _among(named, label)
    if reading.normal():
        return Verdict("incorrect", "normal")
    return _nothing_affirmed(reading, label)


def _judge_normal(reading: Account, tokens: list[str]) -> Verdict:
    normal = bool(reading.normal())
    if reading.values(Kind.LABEL, Status.AFFIRMED):
        return Verdict("incorrect", "several_labels" if normal else "other_label")
    findings = read(tokens, findings_vocabulary())
    if findings.values(Kind.LABEL, Status.AFFIRMED) or (findings.claims and not _REST.isdisjoint(tokens)):
        return Verdict("incorrect", "other_finding")
    if normal and reading.turns_to_finding:
        return Verdict("incorrect", "other_finding")
    if normal or _only_denies(findings) or [token for token in tokens if token.isalnum()] in _BARE_DENIALS:
        return Verdict("correct", "normal")
    return _nothing_affirmed(reading, "")


def _only_denies(findings: Account) -> bool:
    """Whether it is the "No fracture or effusion." that says so of the whole image; one finding is too few."""
    left_open = findings.values(Kind.LABEL, Status.OPEN)
    return len(findings.values(Kind.LABEL, Status.NEGATED)) > 1 and not findings.claims and not left_open


def _among(named: Mapping[str, bool], wanted: str) -> Verdict:
    """The verdict on the labels that a response affirms; the values tell printed names from synonyms."""
    if wanted not in named:
        return Verdict("incorrect", "other_label")
    if len(named) > 1:
        return Verdict("incorrect", "several_labels")
    return Verdict("correct", "match" if named[wanted] else "synonym")


def _nothing_affirmed(reading: Account, wanted: str) -> Verdict:
    left_open: Collection[str] = reading.values(Kind.LABEL, Status.OPEN)
    if not reading.has_words:
        return Verdict("unparsed", "empty")
    if reading.refused:
        return Verdict("unparsed", "refusal")
    if wanted in left_open:
        return Verdict("incorrect", "hedged")
    return Verdict("incorrect", "no_label")

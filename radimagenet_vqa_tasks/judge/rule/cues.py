"""The words that deny, hedge, refuse or turn: what the rule judge knows of English besides the taxonomy.

Phrases are written plainly; they are compared in the canonical form of text.py, so that "is" also stands for "are" and
"appears", "of" for "in" and "from", and singular for plural.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from radimagenet_vqa_tasks.judge.rule.text import word_set


class Kind(Enum):
    """What an entry does to the meaning of a text."""

    LABEL = "a label or a region"
    PART = "a structure inside a region"
    NORMAL = "nothing is wrong"
    GENERIC = "something is wrong, whatever it is; its negation is normal"
    OTHER = "a finding or place that is no label here, and counts only as an alternative to one"
    NEGATES = "what follows is not there"
    NEGATES_NEXT = "what follows, up to a comma, is not there"
    NEGATED = "what stands before is not there"
    ABSENT = "what stands before, or else what follows, is not there"
    DOUBTS = "what follows is left open"
    DOUBTED = "what stands before is left open"
    EITHER = "what stands before and what follows are left open"
    LESS = "what stands before, or else what follows, is left open"
    REFUSES = "no answer is given, and what follows is left open"
    PREFERS = "what stands before the turn is left open"
    TURNS = "the negation or the doubt ends here"
    RESUMES = "the negation or the doubt ends here if this opens a clause"
    IGNORED = "a phrase that would otherwise be misread"


def _phrases(text: str) -> tuple[str, ...]:
    """Phrases that commas part, for tables that are easier to read than a list of quotes."""
    return tuple(phrase.strip() for phrase in text.split(","))


GENERIC = word_set(
    "abnormality abnormal pathology pathologic pathological disease disorder anomaly lesion finding problem issue"
    " anything"
)

SEEN = word_set(
    "seen present identified evident visible visualized visualised detected demonstrated noted observed found"
)
# Joints of their own, which the benchmark has no images of: named beside a region they are a second answer.
OTHER_JOINTS = word_set("elbow wrist")
# Places that belong to no region of the benchmark, or to several.
OTHER_PLACES = word_set("arm buttock face finger forearm hand heart jaw leg mandible neck rib thigh throat thumb")
# What stands behind these is near the place that is shown.
BESIDE = ("above", "below", "adjacent to", "next to")
PRONOUNS = word_set("it one this that them")
_JUDGED = ("judged", "assessed", "evaluated", "established", "diagnosed", "verified", "decided", "ascertained", "said")
_CONFIRM = ("confirm", "show", "see", "support", "demonstrate", "find", "identify", "suggest", "reveal")
_SIGNS = ("evidence", "sign", "convincing evidence", "convincing sign", "definite evidence", "definite sign", "trace")
_FIND = word_set("see identify find detect visualize appreciate")
_ANSWER = word_set(
    "judge determine tell answer provide diagnose interpret assess view analyze assist help give make confirm comment"
    " identify see say evaluate offer process access read"
)
CUES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEGATES: (
        *_phrases(
            "no, not, without, w/o, nor, neither, never, hardly, nothing, none of, lack of, lacks, lacking,"
            " inconsistent with, incompatible with, absence of, negative for, free of, clear of, free from, denies,"
            " excluding, fails to, failed to, ruling out, no other, isnt, arent, doesnt, dont, wasnt, argues against,"
            " argue against, speaks against, against, i doubt, doubt that, not call this"
        ),
        *(f"{cannot} {verb} any" for cannot in ("cannot", "could not", "unable to") for verb in _FIND),
    ),
    Kind.NEGATES_NEXT: _phrases(
        "rather than, instead of, as opposed to, unlike, it resembles, mimics, mimicking, could be mistaken for,"
        " might be mistaken for, can be mistaken for"
    ),
    Kind.NEGATED: (
        *_phrases("ruled out, been excluded, is excluded, not there, not likely the case, argued against"),
        *(f"not {seen}" for seen in SEEN),
        *(f"not been {seen}" for seen in SEEN),
        *(f"isnt {seen}" for seen in SEEN),
        *(f"{cannot} be {seen}" for cannot in ("cannot", "could not") for seen in SEEN),
        *(f"no longer {seen}" for seen in SEEN),
        *(f"not {answer}" for answer in ("diagnosis", "finding", "cause", "case", "problem", "answer")),
        *(
            f"not {said}"
            for said in ("confirmed", "supported", "suggested", "favored", "convincing", "likely", "shown")
        ),
        *(f"not {verb} {it}" for verb in _CONFIRM for it in ("it", "one", "them")),
        *(f"no {sign} of {it}" for sign in _SIGNS for it in sorted(PRONOUNS)),
    ),
    Kind.ABSENT: _phrases(
        "resolved, unlikely, improbable, implausible, absent, excluded, is unlikely, is absent, negative, is negative"
    ),
    Kind.DOUBTS: _phrases(
        "cannot exclude, could not exclude, not exclude, cannot rule out, not rule out, rule out, r/o, could not"
        " rule out, to exclude, excludes, may or may not, undecided, wonder about, wondered about, i wonder, i"
        " considered, i thought of, initially thought, whether, if, evaluate for, assess"
        " for, look for, looking for, search for, searching for, screen for, check for, more likely than, may"
        " include, can include, could include, condition include, condition such as, disease such as, cannot"
        " confirm, question of whether, difficult to exclude, unable to exclude, unable to rule out"
    ),
    Kind.DOUBTED: (
        *_phrases(
            "would be expected, one would expect, one would see, only if, open question, cannot say so, cannot"
            " tell so, cannot be excluded, cannot be ruled out, not excluded, not be excluded, not be ruled out, is"
            " doubtful, doubtful, remains doubtful, not ruled out, cannot be confirmed, cannot be determined, not"
            " be confirmed"
        ),
        *(f"{cannot} be {judged}" for cannot in ("cannot", "could not") for judged in _JUDGED),
        *(f"{stays} {open}" for stays in ("is", "remains") for open in ("uncertain", "unclear", "questionable")),
    ),
    Kind.EITHER: _phrases("as well be, equally be"),
    Kind.LESS: _phrases("less likely, is less likely, less probable, is less probable"),
    Kind.REFUSES: (
        *_phrases(
            "as an ai, not sure, unsure, not know, dont know, not certain, uncertain, insufficient information,"
            " indeterminate, im sorry, i am sorry, i apologize, no image, no image provided, no idea, not clear, please"
            " provide, please upload, please share, not applicable, n/a, no conclusion, language model, not provided,"
            " unclear, unknown, not enough information, wont, refuse to"
        ),
        *(f"{cannot} {verb}" for cannot in ("cannot", "could not", "unable to", "not able to") for verb in _ANSWER),
        *(f"{hard} to {verb}" for hard in ("not possible", "impossible", "difficult") for verb in _ANSWER),
    ),
    Kind.PREFERS: _phrases(
        "favor, favors, is favored, more likely, most likely, fit better, fits better, better fit, better explained,"
        " best explained, more consistent, more typical, more compatible, more suggestive"
    ),
    Kind.TURNS: _phrases(
        "but, however, although, though, except, except for, other than, apart from, aside from, besides, yet, while,"
        " whereas, nevertheless, nonetheless, instead, rather, despite"
    ),
    Kind.RESUMES: _phrases(
        "there is, theres, this, thats, it, its, i, likely, probably, possibly, may, might, could, consistent, only,"
        " just, merely, suggestive, suggesting, suggest, compatible, with, show, indicating, indicate, which,"
        " therefore, so, thus"
    ),
    Kind.IGNORED: _phrases(
        "no change, not only, not just, not merely, no doubt, without doubt, no longer, no question, without"
        " contrast, without iv contrast, without intravenous contrast, without gadolinium, not a doctor, not a"
        " radiologist, not a physician, not a medical, not a substitute, not medical, without and with contrast,"
        " normal saline, not limited to, near normal, nearly normal, almost normal, mostly normal, largely normal,"
        " normal variant, normal anatomic variant, normal anatomical variant, normal variation, not normal, not"
        " unremarkable"
    ),
}

"""What the words of `words.yaml` do to the meaning of a text about labels of the taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache

from radimagenet_vqa_tasks.judge.rule.tables import tables
from radimagenet_vqa_tasks.taxonomy import expand


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
    PREFERS = "what stands before the turn, or else the alternatives to what follows, is left open"
    WOULD = "what stands before is left open; where nothing does, nothing is"
    EXAMPLE = "what follows is left open where the sentence speaks of any or of many"
    SUPPOSES = "what follows is left open where the sentence turns to what there is"
    POSES = "what follows is left open where this opens a sentence"
    TURNS = "the negation or the doubt ends here"
    RESUMES = "the negation or the doubt ends here if this opens a clause"
    IGNORED = "a phrase that would otherwise be misread"


@cache
def cues() -> Mapping[Kind, tuple[str, ...]]:
    """The phrases of each kind."""
    lists = tables()["lists"]
    return {
        Kind[name]: tuple(
            phrase for pattern in text.split(";") for phrase in expand(f"words.yaml, {name}", pattern.strip(), lists)
        )
        for name, text in tables()["cues"].items()
    }

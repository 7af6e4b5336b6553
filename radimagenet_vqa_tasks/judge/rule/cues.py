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
    REFUSES = "no answer is given, and what follows is left open"
    TURNS = "the negation or the doubt ends here"
    RESUMES = "the negation or the doubt ends here if this opens a clause"
    IGNORED = "a phrase that would otherwise be misread"


GENERIC = word_set(
    "abnormality abnormal pathology pathologic pathological disease disorder anomaly lesion finding problem issue"
    " anything"
)

SEEN = word_set(
    "seen present identified evident visible visualized visualised detected demonstrated noted observed found"
)
# Places that belong to no region of the benchmark, or to several.
OTHER_PLACES = word_set(
    "arm buttock clavicle elbow face femur finger forearm hand heart humerus jaw leg mandible neck rib thigh throat"
    " thumb wrist"
)
_FIND = word_set("see identify find detect visualize appreciate")
_ANSWER = word_set(
    "determine tell answer provide diagnose interpret assess view analyze assist help give make confirm comment"
    " identify see say evaluate offer process access read"
)
CUES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEGATES: (
        *(
            "no",
            "not",
            "without",
            "w/o",
            "nor",
            "neither",
            "never",
            "nothing",
            "none of",
            "lack of",
            "lacks",
            "lacking",
        ),
        *("absence of", "negative for", "free of", "clear of", "free from", "denies", "excluding"),
        *("fails to", "failed to", "ruling out", "no other", "isnt", "arent", "doesnt", "dont", "wasnt"),
        *(f"{cannot} {verb} any" for cannot in ("cannot", "could not", "unable to") for verb in _FIND),
    ),
    Kind.NEGATES_NEXT: (
        *("rather than", "instead of", "as opposed to", "unlike", "it resembles", "mimics", "mimicking"),
        *("could be mistaken for", "might be mistaken for", "can be mistaken for"),
    ),
    Kind.NEGATED: (
        *(f"not {seen}" for seen in SEEN),
        *(f"not been {seen}" for seen in SEEN),
        *(f"isnt {seen}" for seen in SEEN),
        *(f"cannot be {seen}" for seen in SEEN),
        *("ruled out", "been excluded", "is excluded", "not there", "not likely the case"),
    ),
    Kind.ABSENT: ("unlikely", "absent", "excluded", "is unlikely", "is absent", "negative", "is negative"),
    Kind.DOUBTS: (
        *("cannot exclude", "could not exclude", "not exclude", "cannot rule out", "not rule out", "rule out", "r/o"),
        *(
            "could not rule out",
            "to exclude",
            "excludes",
            "less likely",
            "whether",
            "if",
            "evaluate for",
            "cannot confirm",
        ),
        *("question of whether", "difficult to exclude", "unable to exclude", "unable to rule out"),
    ),
    Kind.DOUBTED: (
        *("cannot be excluded", "cannot be ruled out", "not excluded", "not be excluded", "not be ruled out"),
        *(
            "is doubtful",
            "doubtful",
            "remains doubtful",
            "not ruled out",
            "cannot be confirmed",
            "cannot be determined",
            "is less likely",
            "not be confirmed",
        ),
    ),
    Kind.REFUSES: (
        *(f"{cannot} {verb}" for cannot in ("cannot", "could not", "unable to", "not able to") for verb in _ANSWER),
        *(f"{hard} to {verb}" for hard in ("not possible", "impossible", "difficult") for verb in _ANSWER),
        *(
            "as an ai",
            "not sure",
            "unsure",
            "not know",
            "dont know",
            "not certain",
            "uncertain",
            "insufficient information",
        ),
        *(
            "indeterminate",
            "im sorry",
            "i am sorry",
            "i apologize",
            "no image",
            "no image provided",
            "no idea",
            "not clear",
        ),
        *("please provide", "please upload", "please share", "not applicable", "n/a", "no conclusion"),
        *("language model", "not provided", "unclear", "unknown", "not enough information", "wont", "refuse to"),
    ),
    Kind.TURNS: (
        *("but", "however", "although", "though", "except", "except for", "other than", "apart from", "aside from"),
        *("besides", "yet", "while", "whereas", "nevertheless", "nonetheless", "instead", "rather", "despite"),
    ),
    Kind.RESUMES: (
        *(
            "there is",
            "theres",
            "this",
            "thats",
            "it",
            "its",
            "i",
            "likely",
            "probably",
            "possibly",
            "may",
            "might",
            "could",
            "consistent",
        ),
        *("suggestive", "suggesting", "suggest", "compatible", "with", "show", "indicating", "indicate"),
        *("which", "most likely", "therefore", "so", "thus"),
    ),
    Kind.IGNORED: (
        *("no change", "not only", "not just", "not merely", "no doubt", "without doubt", "no longer", "no question"),
        *("without contrast", "without iv contrast", "without intravenous contrast", "without gadolinium"),
        *("not a doctor", "not a radiologist", "not a physician", "not a medical", "not a substitute", "not medical"),
        *("without and with contrast", "normal saline", "not limited to", "not normal", "not unremarkable"),
    ),
}

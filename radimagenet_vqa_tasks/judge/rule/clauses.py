"""The small words by which a sentence falls into clauses and lists, and the state that the sweep keeps of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from radimagenet_vqa_tasks.judge.rule.mentions import Mention
from radimagenet_vqa_tasks.judge.rule.text import IS, MINOR_BREAKS, SHOW, word_set

CLAUSE_BREAKS = MINOR_BREAKS | {"and", "or", "nor"}
LIST_WORDS = frozenset({"and", "or", "nor"})
OR = frozenset({"or", "nor", "/", "vs", "vs.", "versus"})
LIST_SIGNS = OR | CLAUSE_BREAKS
NO_LIST = frozenset({IS, SHOW, "with", "which"})
# The most words that are looked at ahead of a comma, or between two members of a list.
AHEAD, APART = 12, 6
CONTRASTS = frozenset({"while", "whereas"})
# "Possible but unlikely": after these a denial without a subject of its own is about the clause before.
TURNS_BACK = word_set("but yet although though however and")
AFTER_DENIAL = word_set("given because since here as on")
# "Although a hematoma is possible, ...": what they open ends at a comma.
CONCEDES = word_set("although though while whereas")
NO_SUBJECT = word_set("be been considered quite rather highly very remain remains now has also still") | {IS, SHOW}
# Too broad to stand against a label: "edema or swelling" is one answer.
BROAD = word_set("abnormal swelling")
# Words that a sentence about the whole image may hold: "the scan appears normal", "this is a normal knee MRI".
ABOUT_THE_IMAGE = word_set(
    "this that it there is scan image study exam examination mri ct mr t1 t2 picture slice view axial sagittal coronal"
    " patient shown show present visible seen identified detected evident found noted overall completely entirely"
    " appearance anatomy answer diagnosis impression conclusion result condition limit of any evidence sign i see"
    " significant acute obvious apparent definite likely probably most radiological radiographic imaging medical body"
    " part region abdomen abdominal pelvis ankle foot brain hip knee lung chest shoulder spine joint structure"
    " abnormality abnormal pathology pathological disease lesion finding normal unremarkable healthy no not nothing"
    " without or yes have has do contain demonstrate reveal specific particular its thats theres"
)


@dataclass
class MentionList:
    """Mentions with nothing but signs, list words and adjectives between them."""

    members: list[Mention] = field(default_factory=list)
    end: int = 0
    has_or: bool = False


@dataclass
class Clause:
    """What a cue that stands behind has to know of the clause that it closes."""

    opened_by: str = ""
    has_verb: bool = False
    has_subject: bool = False
    in_list: bool = False
    mentions: list[Mention] = field(default_factory=list)

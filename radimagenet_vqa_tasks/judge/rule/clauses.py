"""The small words by which a sentence falls into clauses and lists, and what the sweep of reading.py asks of them."""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.cues import ANY, GRADED, SEEN
from radimagenet_vqa_tasks.judge.rule.text import IS, MINOR_BREAKS, SENTENCE_ENDS, SHOW, word_set

CLAUSE_BREAKS = MINOR_BREAKS | {"and", "or", "nor"}
LIST_WORDS = frozenset({"and", "or", "nor"})
OR = frozenset({"or", "nor", "/", "vs", "vs.", "versus"})
LIST_SIGNS = OR | CLAUSE_BREAKS
NO_LIST = frozenset({IS, SHOW, "with", "which"})
# The most words that are looked at ahead of a comma, or between two members of a list.
AHEAD, APART = 12, 6
EXCEPTS = word_set("except other apart aside besides")
CONTRASTS = frozenset({"while", "whereas"})
# "Possible but unlikely": after these a denial without a subject of its own is about the clause before.
TURNS_BACK = word_set("but yet although though however and")
AFTER_DENIAL = word_set("given because since here as on")
# "X: absent", "X (absent)", "| X | absent |", "X, absent".
HEADING_SIGNS = frozenset(":|(,")
# What "no" says of a heading before it: "Edema: no evidence".
EVIDENCE = SEEN | {"evidence", "sign", "trace", "such", "thing"}
# They end what a list of headings says: "Edema: yes, tumor: no".
SETTLED = word_set("true yes present positive")
# "Could be a tumor but it is an infarct."
SETTLES = (("it", IS), ("this", IS), ("its",), ("thats",), (IS,), ("actually",))
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


def rest_of_sentence(tokens: Sequence[str], index: int) -> list[str]:
    """The next words of the sentence behind this place, up to `AHEAD` of them."""
    rest: list[str] = []
    for token in tokens[index + 1 : index + 1 + AHEAD]:
        if token in SENTENCE_ENDS:
            break
        rest.append(token)
    return rest


def goes_on(tokens: Sequence[str], index: int) -> bool:
    """Whether an "or" further on says that the list of what is denied has not ended."""
    return not {"or", "nor"}.isdisjoint(rest_of_sentence(tokens, index))


def affirms(tokens: Sequence[str], index: int) -> bool:
    """Whether what follows a comma is the "edema present" of "no infarct, edema present"."""
    rest = rest_of_sentence(tokens, index)
    return len(rest) > 1 and rest[-1] in SEEN and CLAUSE_BREAKS.isdisjoint(rest)


def corrects(tokens: Sequence[str], index: int) -> bool:
    """Whether what follows a comma is the one thing of "not a knee, a hip", and no list goes on."""
    rest = rest_of_sentence(tokens, index)
    return bool(rest) and (CLAUSE_BREAKS - {"/"}).isdisjoint(rest)


def announces(tokens: Sequence[str], index: int) -> bool:
    """Whether a colon comes before what is denied and not after it: "none of these changes is present: edema"."""
    return not {"none", "such"}.isdisjoint(_before(tokens, index, SENTENCE_ENDS))


def is_evidence(tokens: Sequence[str], start: int) -> bool:
    """Whether the clause goes on with nothing but "evidence seen"."""
    rest: list[str] = []
    for token in tokens[start : start + AHEAD]:
        if not token[0].isalnum():
            break
        rest.append(token)
    return bool(rest) and EVIDENCE.issuperset(rest)


def settles(tokens: Sequence[str], index: int) -> bool:
    """Whether a turn goes on with "it is" and says what there is, and not what there is besides."""
    opening = tuple(tokens[index : index + 4])
    return "also" not in opening and any(opening[: len(words)] == words for words in SETTLES)


def speaks_of_any(tokens: Sequence[str], index: int) -> bool:
    """Whether the words just before speak of any or of many: "any joint, such as"."""
    return not ANY.isdisjoint(_before(tokens, index, SENTENCE_ENDS))


def is_graded(tokens: Sequence[str], index: int) -> bool:
    """Whether the clause so far is about a chance: "the likelihood of edema is"."""
    return not GRADED.isdisjoint(_before(tokens, index, SENTENCE_ENDS | {","}))


def rules(tokens: Sequence[str], index: int) -> bool:
    """Whether the "out" here belongs to a verb before: "this rules edema out"."""
    return not {"rule", "ruled", "ruling"}.isdisjoint(_before(tokens, index, SENTENCE_ENDS | {","}))


def _before(tokens: Sequence[str], index: int, ends: frozenset[str]) -> list[str]:
    found: list[str] = []
    for token in reversed(tokens[max(0, index - AHEAD) : index]):
        if token in ends:
            break
        found.append(token)
    return found

"""One slip of the keyboard in a word is read as the word of the taxonomy that was meant.

A word that nothing knows becomes the one known word that is a single slip away: a letter missing, doubled or wrong, or
two neighbours swapped. First letters, words that two others are near to and real words (words.yaml) are left alone.
Short words are mended only in an answer of a few words, where "lumber spine" is no timber.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from radimagenet_vqa_tasks.judge.rule.tables import listed
from radimagenet_vqa_tasks.judge.rule.vocabulary import anatomy_vocabulary, findings_vocabulary
from radimagenet_vqa_tasks.reading.canonical import TABLES, term_words
from radimagenet_vqa_tasks.taxonomy import regions, taxonomy

FEW_WORDS = 6
# What a misspelt word must have in letters: with two letters swapped, in another way, in an answer of a few words.
_SHORTEST_SWAPPED, _SHORTEST, _SHORTEST_OF_FEW = 5, 6, 4
_SHORTEST_MEANT = 7
_LONGEST = 24  # no word of the taxonomy is longer


def corrected(tokens: Iterable[str]) -> list[str]:
    """The words of text.py with single slips mended; signs and everything doubtful stay as they are."""
    found, known = list(tokens), _known()
    if known.issuperset(found):
        return found
    few = sum(token[0].isalnum() for token in found if token) <= FEW_WORDS
    return [token if token in known or not token.isalpha() else _meant(token, few) for token in found]


@lru_cache(maxsize=16384)
def _meant(word: str, few: bool) -> str:
    if not _SHORTEST_OF_FEW <= len(word) <= _LONGEST or word in listed("real_words"):
        return word
    near = _near(word, few)
    if not near and len(word) >= _SHORTEST_SWAPPED:  # "acites" has lost its "s" as a plural
        near = {meant for meant in _near(word + "s", few) if meant.endswith("s")}
    return near.pop() if len(near) == 1 else word


def _near(word: str, few: bool) -> set[str]:
    """The words that a single slip turns into this one, and that are long enough for it not to be a word of its own."""
    spelt = _by_initial().get(word[0], {})
    forms = [
        form for form, _, _ in process.extract(word, spelt.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
    ]
    return {spelt[form] for form in forms if _is_slip(word, form, few and spelt[form] in _names())}


def _is_slip(word: str, form: str, few: bool) -> bool:
    if few:
        return True
    swapped = len(word) >= _SHORTEST_SWAPPED and len(word) == len(form) and sorted(word) == sorted(form)
    return swapped or (len(word) >= _SHORTEST and len(form) >= _SHORTEST_MEANT)


@cache
def _by_initial() -> Mapping[str, Mapping[str, str]]:
    """Initial -> spelling -> word: the taxonomy's words, in British spelling too."""
    found: dict[str, dict[str, str]] = {}
    for word in taxonomy_words():
        if word.isalpha() and len(word) >= _SHORTEST_OF_FEW:
            for british, american in (("", ""), *TABLES.all["spellings"].items()):
                form = word.replace(american, british) if british else word
                found.setdefault(word[0], {})[form] = word
    return found


@cache
def _known() -> frozenset[str]:
    """Every word that means something to the judge; none of them is a misspelling."""
    phrases = (*anatomy_vocabulary().entries, *findings_vocabulary().entries)
    return frozenset(word for phrase in phrases for word in phrase) | taxonomy_words() | frozenset(",.:()\n")


@cache
def _names() -> frozenset[str]:
    """The words that name a region or a part by themselves, and the longer ones of the taxonomy."""
    terms = [term_words(term) for place in regions().values() for term in (*place.terms(), *place.parts)]
    longer = [word for word in taxonomy_words() if len(word) >= _SHORTEST]
    return frozenset([term[0] for term in terms if len(term) == 1] + longer)


@cache
def taxonomy_words() -> frozenset[str]:
    """Every word of every wording of the taxonomy."""
    terms = [*taxonomy().other_findings]
    for region in regions().values():
        terms += [*region.terms(), *region.parts]
        terms += [term for label in region.labels for term in label.terms()]
    return frozenset(word for term in terms for word in term_words(term))

"""One slip of the keyboard in a long word is read as the word of the taxonomy that was meant.

A word that nothing knows becomes the one known word that is a single slip away: a letter missing, doubled or wrong,
or two neighbours swapped. Short words, first letters and words that two others are near to are left alone, and so
are the real words below, which are one letter from a word of the taxonomy and mean something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from radimagenet_vqa_tasks.judge.rule.text import term_words, word_set
from radimagenet_vqa_tasks.judge.rule.vocabulary import anatomy_vocabulary, findings_vocabulary
from radimagenet_vqa_tasks.taxonomy import regions, taxonomy

# What a misspelt word and the word meant must have, in letters. A swap is a surer sign than another slip.
_SHORTEST_MISSPELT, _SHORTEST_MEANT, _SHORTEST_SWAPPED = 6, 7, 5
_LONGEST = 24  # no word of the taxonomy is longer

_REAL_WORDS = word_set(
    # of medicine
    "adductor arteritis branchial colpitis cytotoxin desmoid extramural facial femora humoral injection interior"
    " interlocular macrovascular multiform neurosis perineal planar pupillary sprained urethral"
    # of English
    " altercation arachnid blending breeding confusion destroyer dilution discord increase infernal inflated inflection"
    " insured interval literal minimum plural precious prowess shelling shipped skipped slapped smelling spelling"
    " surfaced thinking"
)


def corrected(tokens: Iterable[str]) -> list[str]:
    """The words of text.py with single slips mended; signs and everything doubtful stay as they are."""
    known = _known()
    return [token if token in known or not token.isalpha() else _meant(token) for token in tokens]


@lru_cache(maxsize=16384)
def _meant(word: str) -> str:
    if not _SHORTEST_SWAPPED <= len(word) <= _LONGEST or word in _REAL_WORDS:
        return word
    near = {meant for key in _with_one_less(word) for meant in _content().get(key, ()) if _is_slip(word, meant)}
    return near.pop() if len(near) == 1 else word


def _is_slip(word: str, meant: str) -> bool:
    if word[0] != meant[0]:
        return False
    differ = [index for index, pair in enumerate(zip(word, meant, strict=False)) if pair[0] != pair[1]]
    if len(word) == len(meant) and len(differ) == 2:
        first, second = differ
        return second == first + 1 and (word[first], word[second]) == (meant[second], meant[first])
    if len(word) < _SHORTEST_MISSPELT or len(meant) < _SHORTEST_MEANT:
        return False
    if len(word) == len(meant):
        return len(differ) == 1
    short, long = sorted((word, meant), key=len)
    return len(long) - len(short) == 1 and short in _with_one_less(long)


def _with_one_less(word: str) -> set[str]:
    return {word, *(word[:index] + word[index + 1 :] for index in range(len(word)))}


@cache
def _content() -> Mapping[str, frozenset[str]]:
    """The taxonomy's words by every spelling that lacks one letter, so that near words meet."""
    found: dict[str, set[str]] = {}
    for word in _taxonomy_words():
        if word.isalpha() and len(word) >= _SHORTEST_SWAPPED:
            for key in _with_one_less(word):
                found.setdefault(key, set()).add(word)
    return {key: frozenset(words) for key, words in found.items()}


@cache
def _known() -> frozenset[str]:
    """Every word that means something to the judge; none of them is a misspelling."""
    phrases = (*anatomy_vocabulary().entries, *findings_vocabulary().entries)
    return frozenset(word for phrase in phrases for word in phrase) | _taxonomy_words()


@cache
def _taxonomy_words() -> frozenset[str]:
    terms = [*taxonomy().other_findings]
    for region in regions().values():
        terms += [*region.terms(), *region.parts]
        terms += [term for label in region.labels for term in label.terms()]
    return frozenset(word for term in terms for word in term_words(term))

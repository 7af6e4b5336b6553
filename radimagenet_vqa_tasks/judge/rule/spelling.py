"""One slip of the keyboard in a word is read as the word of the taxonomy that was meant.

A word that nothing knows becomes the one known word that is a single slip away: a letter missing, doubled or wrong,
or two neighbours swapped. First letters and words that two others are near to are left alone, and so are the real
words below, which are one letter from a word of the taxonomy and mean something else. Short words are mended only in
an answer of a few words, where "lumber spine" is no timber; there two known words that run together are parted too,
and the word before tells what a short one is ("ground-glas").
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from radimagenet_vqa_tasks.judge.rule.text import SPELLINGS, term_words, word_set
from radimagenet_vqa_tasks.judge.rule.vocabulary import anatomy_vocabulary, findings_vocabulary
from radimagenet_vqa_tasks.taxonomy import regions, taxonomy

# What a misspelt word and the word meant must have, in letters. A swap is a surer sign than another slip.
_SHORTEST_MISSPELT, _SHORTEST_MEANT, _SHORTEST_SWAPPED = 6, 7, 5
# The same in an answer of at most so many words, for the words that `_names` gives.
_FEW_WORDS, _SHORTEST_OF_FEW, _SHORTEST_DOUBLED = 6, 4, 3
_LONGEST = 24  # no word of the taxonomy is longer

_REAL_WORDS = word_set(
    # of medicine
    "arteritis branchial colpitis cytotoxin extramural facial femora humoral injection interior interlocular"
    " intramural lingua lingual macrovascular medullary multiform neurosis perineal planar pupillary urethral"
    # of English
    " altercation alternation angular arachnid blending breeding confusion destroyer diluted dilution discord"
    " framing funding gluten increase infernal inflated inflection insured interval literal maximum minimum plural"
    " precious profess prostrate prowess rejection selling shelling shipped skipped slapped smelling spelling"
    " surfaced teasing thinking titled twinning vehicle wedding"
)
# The same for the shorter words, which are mended in short answers only.
_SHORT_REAL_WORDS = word_set(
    # of medicine
    "bowed clonic coma crest genus humeri labial labra liter median spiral stain subscapular supine urethral"
    " viscera"
    # of English
    " beast bell belle bowl broke broker bully burial cancel chance charge cheat chess colony color defeat font food"
    " fool fort forth gene heap hear heard heat held hell herd kneel knew lesson lever liner live lived lover master"
    " matte medal media neutral patch plague postal real recital remove rental shine skill spice spike spin spite"
    " sprint stable stale statue stoke strike string swine tale talk tall"
)


def corrected(tokens: Iterable[str]) -> list[str]:
    """The words of text.py with single slips mended; signs and everything doubtful stay as they are."""
    known = _known()
    found = list(tokens)
    few = sum(token[0].isalnum() for token in found if token) <= _FEW_WORDS
    mended: list[str] = []
    for token in found:
        parts = [token] if token in known or not token.isalpha() else _mended(token, few)
        if few and mended and parts == [token] and token not in known:
            parts = [_meant_behind(mended[-1], token)]
        mended += parts
    return mended


@lru_cache(maxsize=16384)
def _meant_behind(previous: str, word: str) -> str:
    """The word of the taxonomy that follows this one and is a slip away: the "glass" of "ground-glas"."""
    if not (word.isalpha() and len(word) <= _LONGEST) or word in _REAL_WORDS or word in _SHORT_REAL_WORDS:
        return word
    near = {
        meant
        for meant in _followers().get(previous, ())
        if len(meant) > _SHORTEST_OF_FEW
        and any(len(form) >= _SHORTEST_OF_FEW and _is_slip(form, meant, True) for form in (word, word + "s"))
    }
    return near.pop() if len(near) == 1 else word


@lru_cache(maxsize=16384)
def _mended(word: str, few: bool) -> list[str]:
    meant = _meant(word, few)
    return _parted(word) if few and meant == word else [meant]


def _parted(word: str) -> list[str]:
    """The two known words that "hipjoint" is made of."""
    known = _taxonomy_words()
    cuts = range(_SHORTEST_DOUBLED, min(len(word), _LONGEST) - _SHORTEST_DOUBLED)
    parts = [[word[:cut], word[cut:]] for cut in cuts if word[:cut] in known and word[cut:] in known]
    return parts[0] if len(parts) == 1 else [word]


def _meant(word: str, few: bool) -> str:
    if not _SHORTEST_OF_FEW <= len(word) <= _LONGEST or word in _REAL_WORDS or word in _SHORT_REAL_WORDS:
        return word
    near = _near(word, few)
    if not near and len(word) >= _SHORTEST_SWAPPED:  # "acites" has lost its "s" as a plural
        near = {meant for meant in _near(word + "s", few) if meant.endswith("s")}
    meant = near.pop() if len(near) == 1 else word
    return word if meant in _REAL_WORDS else meant


def _near(word: str, few: bool) -> set[str]:
    """The words of the taxonomy that a single slip turns into this."""
    candidates = {meant for key in _with_one_less(word) for meant in _content().get(key, ())}
    # "Tumuor" is a slip of "tumour", not of "tumor".
    slips = {_british().get(meant, meant) for meant in candidates if _is_slip(word, meant, few and meant in _names())}
    return slips - {word}


def _is_slip(word: str, meant: str, few: bool) -> bool:
    if word[0] != meant[0]:
        return False
    differ = [index for index, pair in enumerate(zip(word, meant, strict=False)) if pair[0] != pair[1]]
    if len(word) == len(meant) and len(differ) == 2:
        first, second = differ
        is_swap = second == first + 1 and (word[first], word[second]) == (meant[second], meant[first])
        return is_swap and (few or len(word) >= _SHORTEST_SWAPPED)
    if few and len(meant) < _SHORTEST_OF_FEW:
        return any(word == meant[: index + 1] + meant[index:] for index in range(len(meant)))
    if not few and (len(word) < _SHORTEST_MISSPELT or len(meant) < _SHORTEST_MEANT):
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
    # "Aductor" is as near to the adductor, which is no word of the taxonomy, as to the abductor.
    for word in _taxonomy_words() | _REAL_WORDS | _british().keys():
        if word.isalpha() and len(word) >= _SHORTEST_DOUBLED:
            for key in _with_one_less(word):
                found.setdefault(key, set()).add(word)
    return {key: frozenset(words) for key, words in found.items()}


@cache
def _british() -> Mapping[str, str]:
    """The taxonomy's words in British spelling, and what text.py makes of them."""
    pairs = [(word.replace(us, uk), word) for word in _taxonomy_words() for uk, us in SPELLINGS if us in word]
    return {uk: word for uk, word in pairs if term_words(uk) == (word,) != (uk,)}


@cache
def _known() -> frozenset[str]:
    """Every word that means something to the judge; none of them is a misspelling."""
    phrases = (*anatomy_vocabulary().entries, *findings_vocabulary().entries)
    return frozenset(word for phrase in phrases for word in phrase) | _taxonomy_words()


@cache
def _names() -> frozenset[str]:
    """The words that name a region or a part by themselves, and the longer ones of the taxonomy."""
    terms = [term_words(term) for place in regions().values() for term in (*place.terms(), *place.parts)]
    longer = [word for word in _taxonomy_words() if len(word) >= _SHORTEST_MISSPELT]
    return frozenset([term[0] for term in terms if len(term) == 1] + longer)


@cache
def _taxonomy_words() -> frozenset[str]:
    return frozenset(word for phrase in _wordings() for word in phrase)


@cache
def _followers() -> Mapping[str, frozenset[str]]:
    """The words of the taxonomy by the word that stands before them."""
    found: dict[str, set[str]] = {}
    for phrase in _wordings():
        for first, second in itertools.pairwise(phrase):
            found.setdefault(first, set()).add(second)
    return {first: frozenset(seconds) for first, seconds in found.items()}


@cache
def _wordings() -> Sequence[tuple[str, ...]]:
    terms = [*taxonomy().other_findings]
    for region in regions().values():
        terms += [*region.terms(), *region.parts]
        terms += [term for label in region.labels for term in label.terms()]
    return [term_words(term) for term in terms]

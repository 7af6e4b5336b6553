"""What a yes/no question asks: of what, whether it is there, sound or unsound, and whether it asks for the absence.

"Is there evidence of edema?" asks whether edema is there, "Is the trachea normal?" whether the trachea is sound, "Are
masses absent?" whether masses are not there. A statement answers only a question about the same thing, and the
question's polarity decides what it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from radimagenet_vqa_tasks.reading.undress import plain, word_set

# More of a question is no question.
LONGEST_QUESTION = 2_000

SOUND = r"(?:normal|healthy|unremarkable|intact)"
_SOUND = re.compile(rf"\b{SOUND}\b", re.I)
_UNSOUND = re.compile(rf"\babnormal(?:ly|it(?:y|ies))?\b|\bunhealthy\b|(?:\bnot|n't) {SOUND}\b", re.I)
_ABSENCE = re.compile(r"\b(?:absent|absence|no|not|without|free of|lack(?:s|ing)?|negative for)\b|n't\b", re.I)
_SENTENCE = re.compile(r"[^.?!\n]*\w[^.?!\n]*\??")
_WORD = re.compile(r"[^\W_]+")
_GRAMMAR = word_set(
    "a an the is are was were be been being has have had do does did can could will would should may might must there"
    " it its this that these those they any some of in on at to from for with within by and or nor as which who what s"
    " t i you we he she his her their also not no without free lack yes"
)
# What looking at pictures is talked of with: it tells no thing from another.
_LOOKING = word_set(
    "appear appears appeared look looks seem seems show shows showing shown showed demonstrate demonstrates reveal"
    " reveals contain contains display displays depict depicts present presence absent absence evidence sign signs seen"
    " see visible visualized identified evident noted found detected observed image images picture pictures photo scan"
    " scans patient patients exist exists please answer question following given provided indicate indicates suggest"
    " suggests represent represents finding findings feature features consistent definite significant obvious other"
    " overall case"
)
_PLACE = re.compile(r"\b(?:in|on|within|at|from|of|along|near|around|throughout|under|over|behind|above|below)\b")
_SIGN_OF = re.compile(r"\b(?:evidence|signs?|presence|absence|findings?|features?|free|lack|case|form|type|kind) of\b")
# Words of which a thing has one: whoever names another one denies what was asked.
_SHOWS = re.compile(r"\b(?:show|contain|demonstrate|reveal|display|have|depict|exhibit)\b(?=.*[^\W_])")
# Names of a whole study.
WHOLE = word_set("ct mri xray radiograph radiographs ultrasound film study examination medical radiological")
_RIVALS = (
    "mild moderate severe",
    "left right",
    "t1 t2 flair",
    "axial coronal sagittal",
    "acute chronic",
    "benign malignant",
    "ct mri xray ultrasound",
    "supine prone",
)
_RIVALS_OF = {word: frozenset(group.split()) - {word} for group in _RIVALS for word in group.split()}
# Two words are one where they differ in these only.
_ENDINGS = word_set(
    "s es ed d e ing y ies ied ion ions ation ations ive ory atory al ally ly ic ical tic m ment ments ous ant ent ance"
    " ence ar us i ia ity ities ness ated ates ate ating"
) | {""}
_SHORTEST_STEM = 4


@dataclass(frozen=True)
class Asked:
    """A yes/no question, taken apart where a reply needs it.

    Attributes:
        text: the question; of several sentences, the last one that asks.
    """

    text: str = ""

    @cached_property
    def kind(self) -> str:
        """Whether it asks if something is "there", "sound" or "unsound"."""
        return "unsound" if _UNSOUND.search(self.text) else "sound" if _SOUND.search(self.text) else "there"

    @cached_property
    def absence(self) -> bool:
        """It asks whether that is not so ("Are masses absent?")."""
        return _ABSENCE.search(self._rest) is not None

    @cached_property
    def things(self) -> frozenset[str]:
        """The words for what it asks about; empty where nothing is known of it."""
        return frozenset(content(self._rest)) or frozenset(words(self._rest)) - _GRAMMAR

    @cached_property
    def focus(self) -> frozenset[str]:
        """Those of them that a statement must name: without the place ("in the left lung")."""
        shown = _SHOWS.split(self._rest)[-1]
        return frozenset(content(_PLACE.split(_SIGN_OF.sub(" ", shown), maxsplit=1)[0])) or self.things

    @cached_property
    def part(self) -> frozenset[str]:
        """Those of them that are more than the image, so that a statement may be about another part."""
        return frozenset(content(self._rest)) - WHOLE

    @cached_property
    def _rest(self) -> str:
        return _SOUND.sub(" ", _UNSOUND.sub(" ", self.text))

    def answer(self, holds: bool) -> frozenset[str]:
        """Yes or no, where what the question is about is there, sound or unsound, or is not."""
        return frozenset({"yes" if holds is not self.absence else "no"})


@lru_cache(maxsize=4096)
def asked(question: str) -> Asked:
    """The parts of a question."""
    sentences = _SENTENCE.findall(plain(question[:LONGEST_QUESTION]))
    text = next((sentence for sentence in reversed(sentences) if sentence.endswith("?")), (sentences or [""])[-1])
    return Asked(text.lower())


def words(text: str) -> list[str]:
    """The words of a text in small letters."""
    return _WORD.findall(text.lower().replace("x-ray", "xray").replace("'s", "").replace("n't", " not"))


def content(text: str) -> list[str]:
    """The words of a text that tell one thing from another."""
    return [word for word in words(text) if word not in _GRAMMAR and word not in _LOOKING]


def named(word: str, said: Iterable[str]) -> bool:
    """Whether a word is among others, whatever its ending ("inflammation", "inflammatory")."""
    return any(_alike(word, other) for other in said)


def rivalled(word: str, said: Iterable[str]) -> bool:
    """Whether another word of its group stands where a word would have to ("mild" for "severe")."""
    rivals = _RIVALS_OF.get(word)
    return rivals is not None and any(other in rivals for other in said)


@lru_cache(maxsize=65536)
def _alike(one: str, other: str) -> bool:
    one, other = _spelled(one), _spelled(other)
    if one == other or one == f"{other}s" or other == f"{one}s":
        return True
    shared = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return any(
        one[length:] in _ENDINGS and other[length:] in _ENDINGS
        for length in range(shared, max(_SHORTEST_STEM, shared - 3) - 1, -1)
    )


def _spelled(word: str) -> str:
    return word.replace("oedem", "edem").replace("haem", "hem").replace("tumour", "tumor")

"""The rule judge where there is no taxonomy: one open answer against one right answer, by their words alone.

A deterministic reading that knows no medicine. The answer is what the reply calls so, or else its first sentence; it
must name everything that the right answer names ("Liver, Heart, Spleen" is three things, in any order) and nothing
else. Words of the question, words about the image ("the scan shows ...") and, unless the right answer has some itself,
words of side and degree may stand beside it. Sentences after the first may explain. So an answer that lists everything
is incorrect, and so is a right answer in other words: this judge is stricter than a language model.

Reason codes:

    correct      match
    incorrect    negated, part_of_list, other_words (more is named, or alternatives are), no_label (it is not named)
    unparsed     empty, refusal
    missing     unknown_target (the right answer has no words)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from radimagenet_vqa_tasks.judge.rule.text import OF, term_words, word_set
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.phrase import answer_of
from radimagenet_vqa_tasks.reading.statements import REFUSAL
from radimagenet_vqa_tasks.reading.words import SENTENCE_ENDS, Words, find, meaning, words

MOST_EXPLANATIONS = 4  # sentences after the first
LEAST_EXPLANATION = 5  # words of such a sentence; a shorter one is another answer

_LIST_SIGNS = frozenset({",", "/", "&", "(", ")", ":", "and", "or", "和", "与", "及", "或"})
_ALTERNATIVES = frozenset({"or", "/", "或"})
_DENIES = word_set("no not without neither nor never absent absence excluded negative cannot isnt none") | frozenset(
    "不没无非未"
)
_TURNS = word_set("but however although instead rather while whereas") | frozenset("但而")
# Whole sentences about the image hold these besides the answer. In the canonical form of plain_words.py.
_ABOUT_THE_IMAGE = word_set(
    "this that it its there these those which what where is are was were be been being has have of in on at to by from"
    " with as for i we you he she they image picture photo figure scan slice view study exam show depict display see"
    " seen visible present located location position found find identified identify noted observed appear seem look"
    " likely probably most possibly suggest suggestive consistent indicate indicative can may could diagnosis answer"
    " finding organ part body region area structure patient type kind modality technique imaging weighted used taken"
    " using take main primary mainly also both shown labeled known called include including contain namely side yes"
    " correct"
)
_FRAME = (
    _ABOUT_THE_IMAGE
    | {canonical for word in _ABOUT_THE_IMAGE for canonical in term_words(word)}
    | frozenset("图像片中的是为显示这张幅该里有在了位于属所见器官部位模态疾病答案以及")
)
_REFUSAL_ZH = re.compile("无法|不能确定|不确定|抱歉|不知道")


def judge_plain(response: str, target: str, question: str) -> Verdict:
    """Judge one open answer by its words; no string raises. See the module for the rules and the reason codes."""
    wanted = _items(words(target))
    if not wanted:
        return Verdict("missing", "unknown_target")
    text = answer_of(response)
    if text is None or not meaning(text):
        return Verdict("unparsed", "empty")
    allowed = _FRAME | set(meaning(question))
    if not any(_is_modifier(word) for item in wanted for word in item):
        allowed |= {word for word in meaning(text) if _is_modifier(word)}
    allowed -= {word for item in wanted for word in item}
    sentences = [sentence for sentence in _sentences(words(text)) if not allowed.issuperset(_only_words(sentence))]
    reading = _Reading(wanted, allowed)
    for place, sentence in enumerate(sentences):
        if place == 0 or not _explains(sentence):
            reading.read(sentence)
        else:
            reading.look_for_denials(sentence)
    if reading.denied:
        return Verdict("incorrect", "negated")
    if not reading.named:
        refused = REFUSAL.search(text) or _REFUSAL_ZH.search(text)
        return Verdict("unparsed", "refusal") if refused else Verdict("incorrect", "no_label")
    hedged = _ALTERNATIVES.intersection(sentences[0]) and not _ALTERNATIVES.intersection(words(target))
    if reading.others or hedged or len(sentences) > 1 + MOST_EXPLANATIONS:
        return Verdict("incorrect", "other_words")
    if reading.named != set(wanted):
        return Verdict("incorrect", "part_of_list")
    return Verdict("correct", "match")


class _Reading:
    """What sentences affirm and deny of the items, and whether they name anything else."""

    def __init__(self, wanted: Sequence[Words], allowed: set[str] | frozenset[str]) -> None:
        self._wanted = wanted
        self._allowed = allowed
        self.named: set[Words] = set()
        self.denied: set[Words] = set()
        self.others = False

    def read(self, sentence: Words) -> None:
        for part in _split(sentence, _TURNS):
            affirmed, denied = _by_negation(part, self._wanted)
            for segment in affirmed:
                found, left = _taken(segment, self._wanted)
                self.named |= found
                self.others |= any(word not in self._allowed for word in left)
            self._deny(denied)

    def look_for_denials(self, sentence: Words) -> None:
        for part in _split(sentence, _TURNS):
            self._deny(_by_negation(part, self._wanted)[1])

    def _deny(self, segments: Sequence[Words]) -> None:
        for segment in segments:
            self.denied |= _taken(segment, self._wanted)[0]


def _items(target: Words) -> list[Words]:
    """The things that an answer lists, each once."""
    parts = (_only_words(part) for part in _split(target, _LIST_SIGNS | SENTENCE_ENDS))
    # "In the bowel" is the bowel.
    bare = (part[1:] if part[:1] == (OF,) else part for part in parts)
    return list(dict.fromkeys(part for part in bare if part))


def _sentences(text: Words) -> Iterator[Words]:
    return _split(text, SENTENCE_ENDS)


def _split(text: Words, signs: frozenset[str]) -> Iterator[Words]:
    start = 0
    for place, word in enumerate((*text, "")):
        if place == len(text) or word in signs:
            if start < place:
                yield tuple(text[start:place])
            start = place + 1


def _explains(sentence: Words) -> bool:
    """Whether a sentence after the first is too long to be one more answer."""
    return len(_only_words(sentence)) >= LEAST_EXPLANATION


def _by_negation(part: Words, wanted: Sequence[Words]) -> tuple[list[Words], list[Words]]:
    """The segments of a clause that are affirmed, and those that are denied.

    A negation reaches to the end of its clause, across the commas of a list; one that does not open its segment
    ("... are not seen") reaches back to the clause's start too. One inside the right answer denies nothing.
    """
    segments = list(_split(part, _LIST_SIGNS))
    inside = {word for item in wanted for word in item}
    for place, segment in enumerate(segments):
        cues = [index for index, word in enumerate(segment) if word in _DENIES and word not in inside]
        if cues:
            first = 0 if cues[0] > 0 else place
            return segments[:first], segments[first:]
    return segments, []


def _taken(segment: Words, wanted: Sequence[Words]) -> tuple[set[Words], list[str]]:
    """The items that a segment names, and the words that are left of it; of nested items the longest counts."""
    left: list[str] = list(segment)
    found: set[Words] = set()
    for item in sorted(wanted, key=len, reverse=True):
        for start in reversed(find(item, left)):
            found.add(item)
            left[start : start + len(item)] = [""] * len(item)
    return found, [word for word in left if word]


def _only_words(text: Sequence[str]) -> Words:
    return tuple(word for word in text if word[0].isalnum())


def _is_modifier(word: str) -> bool:
    """Whether a word says only side, size or degree: the taxonomy's labels leave those out."""
    return word.isascii() and not term_words(word)

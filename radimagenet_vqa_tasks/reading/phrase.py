"""Which word or phrase a reply answers with, where one is right and it is neither yes, no nor a letter.

"Which is bigger, liver or spleen?" - "The liver." The rules, in this order:
1. Of a reply that calls something its answer ("the answer is ...", \\boxed{}), only the last such statement is read.
2. A reply that is the right answer, but for case, articles, plurals and punctuation, is right.
3. A reply that names the right answer, and none of the question's other alternatives ("liver or spleen"), and does
   not negate it, is right. Naming another alternative alone is wrong; naming several is no answer.
4. In Chinese, yes and no are said in many words: "是", "有" and "对" are one answer, "不是", "没有" and "否" the other.
5. Any other reply of a few words is an answer, and wrong; a refusal or an essay is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from radimagenet_vqa_tasks.reading.declining import reason_of, without_absence
from radimagenet_vqa_tasks.reading.statements import (
    REFUSAL,
    Said,
    Statement,
    affirmed,
    read,
    said_explicitly,
)
from radimagenet_vqa_tasks.reading.words import SENTENCE_ENDS, Words, find, meaning, words

LONGEST_LEAD = 3  # words before the first of several alternatives ("is it liver, spleen or kidney?")
LONGEST_ANSWER = 8  # words of a reply that names none of the alternatives and still is an answer

_ASKS = frozenset({"which", "what", "who", "where", "how"})
_OR = ("or", "还是", "或者", "或")
# How many there are, where there are none.
_NONE = frozenset({("none",), ("no",), ("there", "are", "none"), ("无",), ("没", "有")})
# What the question's alternatives are listed again behind.
_AMONG = re.compile(r"\b(?:among|amongst|between|out of)\b[^.;!?\n]*", re.I)
_DENIES = frozenset("不没无非未否")
_YES_ZH = frozenset({"是", "是的", "有", "有的", "对", "对的", "存在", "能", "可以", "会", "包含", "正确", "yes"})
_NO_ZH = frozenset({"不是", "否", "没有", "无", "不", "不对", "不存在", "不能", "不可以", "不会", "不包含", "没", "no"})
_LEAD_ZH = re.compile("^(?:答案|图中|图像|图片|这张|这|它|该|器官|显示|的|是|为|：|:|，|,| )*")  # noqa: RUF001


def read_phrase(response: str, target: str, question: str) -> str | None:
    """`target` where the reply gives it, another short text where it gives that, None where it answers nothing."""
    offered = answer_of(response)
    text = None if offered is None else without_absence(offered)
    wanted = meaning(target)
    if text is None or not wanted:
        return None
    said = meaning(text)
    if said == wanted:
        return target
    if wanted == ("0",) and said in _NONE:
        return target
    named = _named(_AMONG.sub(" ", text), [wanted, *alternatives(question, wanted)])
    if named:
        return (target if named[0] == wanted else _shown(named[0])) if len(named) == 1 else None
    polarity = _polarity(text) if _polarity(target) else None
    if polarity:
        return target if polarity == _polarity(target) else text.strip()
    if not said or len(said) > LONGEST_ANSWER or reason_of(text) or REFUSAL.search(text):
        return None
    return _shown(said)


def _shown(phrase: Words) -> str:
    return (" " if all(word.isascii() for word in phrase) else "").join(phrase)


def answer_of(response: str) -> str | None:
    """The text that a reply offers as its answer; None where it offers nothing or several things."""
    reply = read(response)
    said = said_explicitly(reply.text, _claim)
    if said is not None:
        return next(iter(said)) if len(said) == 1 else None
    return None if reply.unfinished or not reply.text else reply.text


def _claim(statement: Statement) -> Said:
    """What is called the answer, up to the end of its sentence."""
    if statement.cue not in ("boxed", "tag", "phrase"):
        return None
    claim = re.split(r"[\n;]|\.(?!\d)", statement.claim, maxsplit=1)[0].strip(" \"'")
    return frozenset({claim}) if claim else None


def alternatives(question: str, wanted: Words) -> list[Words]:
    """What else than `wanted` the question offers: as many words as `wanted` has, around "or" and before its commas."""
    asked = [word for word in words(question) if word not in SENTENCE_ENDS]
    length = len(wanted)
    found: list[Words] = []
    for start, stop in _ors(asked):
        found.append(tuple(asked[stop : stop + length]))
        left = _without_shared(asked[:start], asked[stop:], length)
        for place, segment in enumerate(reversed(_segments(left))):
            # "..., liver, spleen or kidney": a long segment before a comma is the question, no alternative.
            asks = segment[0] in _ASKS or len(segment) > length + LONGEST_LEAD
            if len(segment) < length or (place and asks):
                break
            found.append(tuple(segment[-length:]))
    return [phrase for phrase in dict.fromkeys(found) if phrase != wanted] if wanted in found else []


def _without_shared(left: list[str], right: list[str], length: int) -> list[str]:
    """What stands ahead of "or" without the words that both sides share ("T1 weighted or T2 weighted")."""
    shared = 0
    while shared < len(left) - length and left[len(left) - shared - 1 :] == right[length : length + shared + 1]:
        shared += 1
    return left[: len(left) - shared]


def _segments(asked: list[str]) -> list[list[str]]:
    """What stands between commas."""
    segments: list[list[str]] = [[]]
    for word in asked:
        if word == ",":
            segments.append([])
        else:
            segments[-1].append(word)
    return [segment for segment in segments if segment]


def _ors(asked: list[str]) -> Iterator[tuple[int, int]]:
    for word in _OR:
        length = 1 if word.isascii() else len(word)
        for start in find((word,) if word.isascii() else tuple(word), asked):
            yield start, start + length


def _named(text: str, phrases: list[Words]) -> list[Words]:
    """Which of the phrases a text names without denying them; one that is only part of another named one is not."""
    said = words(affirmed(text))
    denied = _denied(said)
    taken = [False] * len(said)
    named = []
    for phrase in sorted(phrases, key=len, reverse=True):
        starts = [start for start in find(phrase, said) if not denied[start] and not taken[start]]
        for start in starts:
            taken[start : start + len(phrase)] = [True] * len(phrase)
        if starts:
            named.append(phrase)
    return named


def _denied(said: Words) -> list[bool]:
    """Of each word, whether a Chinese negation stands before it in its clause; English ones are gone already."""
    found, denied = [], False
    for word in said:
        denied = denied and word[0].isalnum()
        found.append(denied)
        denied = denied or word in _DENIES
    return found


def _polarity(text: str) -> str | None:
    """ "yes" or "no" if that is all that a Chinese text says."""
    first = re.split("[，。,.!！\n]", text.strip(), maxsplit=1)[0].strip().lower()  # noqa: RUF001
    for candidate in (first, _LEAD_ZH.sub("", first)):
        if candidate in _YES_ZH:
            return "yes"
        if candidate in _NO_ZH:
            return "no"
    return None

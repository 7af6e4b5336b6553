"""Whether a reply says yes or no.

A reply is read in steps, and the first that finds anything decides:
1. What it says of a missing image is left out (declining.py), and so is a form's blank ("Answer (yes/no):").
2. What stands after the last change of mind ("wait", "actually") is read before what stands ahead of it.
3. A bare last line, then explicit statements, the last one first: \\boxed{}, <answer>, "the answer is", "thus, no".
4. "Yes" or "no" as a word of its own, where a sentence opens.
5. Plain statements about what the question asks (asked.py): "there is ..." and "... is seen" say that it is there, "no
   ..." and "... is absent" that it is not, and the question's own predicate, repeated, that it holds. Where nothing is
   known of the question they count whatever they are about, but of a long reply the conclusion only.
Both, or a hedge ("may", "cannot be excluded"), is None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Literal

from radimagenet_vqa_tasks.reading import statements as reply
from radimagenet_vqa_tasks.reading.asked import SOUND, WHOLE, Asked, asked, content, named, rivalled
from radimagenet_vqa_tasks.reading.declining import may_decline, without_absence
from radimagenet_vqa_tasks.reading.statements import OPEN, Said, Statement
from radimagenet_vqa_tasks.reading.undress import word_set

_YES, _NO = frozenset({"yes"}), frozenset({"no"})
# Beyond this many sentences a reply is reasoning: of its plain statements only a conclusion answers the question.
SHORT_REPLY = 3

_LEAD = (
    r"(?:the|answer|is|it|most|likely|probably|definitely|clearly|clear|simply|oh|well|hmm|a|would|be|i|i'd|say|think"
    r"|my|so|therefore|thus|hence|and|however|actually)"
)
_HEAD = re.compile(rf"\W{{0,20}}(?:{_LEAD}\b\W{{1,5}}){{0,6}}(?P<word>yes|yeah|yep|yup|no|nope|nah)\b(?!['-]\w)", re.I)
_YES_OR_NO = re.compile(r"\b(?:yes|yeah|yep|yup|no|nope|nah)\b", re.I)
# "yes or no", "no/mild"; "yes and no", "yes no"
_OR_ELSE = re.compile(r"\W{0,3}(?:or\b|/\W{0,2}\w)", re.I)
_SECOND = re.compile(r"\W{0,4}(?:and\b\W{0,4})?(?P<word>yes|no)\b(?! \w)", re.I)
# A form's blank that the reply repeats: "Answer (yes/no): no".
_FORM = re.compile(r"\(?\byes ?(?:/|or) ?no\b\)?(?= ?:)", re.I)
_NUMBER = re.compile(r"\.? ?\d")
# "No edema": a determiner, so a plain statement. "No, ...", "No it is not": the answer itself.
_DETERMINER = re.compile(r" (?!(?:it|there|this|that|these|the|i|we|because|since|as|but|so|and|or|not)\b)\w", re.I)
_SENTENCE_START = re.compile(r"(?:^|[.!?;:\n]|\bbut\b)(?=\W{0,8}\w)")

# Of a finding, not seeing it is no want of ability.
_CANNOT_SEE = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|(?:am )?(?:unable|not able) to) (?:\w+ly )?"
    r"(?:see|detect|find|visuali[sz]e|observe|appreciate|identify)\b",
    re.I,
)
_HEDGE = re.compile(
    rf"{reply.REFUSAL.pattern}|\b(?:may|might|could|possibl[ey]|possibility|perhaps|maybe|suspicious|suspected|equivocal"
    r"|questionable|borderline|can't|cannot|depends)\b|\bor (?:ab)?normal\b",
    re.I,
)
_SEEN = (
    r"(?:present|seen|visible|visuali[sz]ed|identified|evident|apparent|detected|observed|noted|found|demonstrated"
    r"|shown)"
)
_SHOWS = r"(?:show|demonstrate|reveal|display|have|contain|exhibit|indicate|see|detect|identify|observe|find|note)"
_REST = r"(?:(?!\band (?:there|it|this|the|a)\b)[^.,;:!?\n]){0,150}"
_ABSENT = re.compile(
    rf"(?:\bthere(?:'s| is| are| was| were)(?: \w+ly)? )?\b(?:no|nothing)\b(?!-|\.? ?\d){_REST}"
    r"|(?:\bthere (?:is|are|was|were)|:) none\b"
    rf"|\b(?:(?:without|lack of) (?:any )?(?:evidence|signs?)|absence of|negative for|free (?:of|from)|lacks)\b{_REST}"
    r"|\babsent\b"
    rf"|(?:\bnot|n't) (?:\w+ ){{0,2}}?{_SEEN}\b"
    rf"|(?:\bnot|n't) (?:\w+ly )?{_SHOWS}\b{_REST}"
    rf"|\bthere (?:is|are|was|were|(?:do|does)(?= ?n[o']t (?:appear|seem)))(?: not|n't)\b{_REST}",
    re.I,
)
_PRESENT = re.compile(
    r"(?<!\bif )(?<!whether )\bthere(?:'s| is| are| was| were| (?:appears?|seems?) to be)\b"
    rf"|(?:\b(?:is|are|was|were)(?: \w+ly)?|:) {_SEEN}\b"
    r"|\b(?:(?:evidence|signs?|presence) of|positive for)\b(?![^.,;!?\n]{0,150}\0)",
    re.I,
)
_CLAUSE_END = re.compile(r"[.,;!?\n]")
_NORMAL_WORD = re.compile(rf"\b(?:{SOUND}|clear)\b", re.I)
# "Abnormal" says so wherever it stands; "normal" only of the whole: "loss of the normal signal" is abnormal.
_ABNORMAL = re.compile(
    r"(?P<negated>(?:\b(?:no|not|nothing|neither|nor|far from|without|free of)\b|n't\b)(?: \w+){0,4}? )?"
    r"\babnormal(?:ly|ity|ities)?\b",
    re.I,
)
_NORMAL = re.compile(
    r"(?:^\W{0,3}(?:an? )?|(?P<negated>(?:\b(?:not|neither|far from)|n't)(?: \w+){0,4} ))"
    rf"{SOUND}\b"
    rf"|\b(?:is|are|was|were|be|appears?|looks?|seems?) (?:\w+ly |to be )?(?:an? )?{SOUND}\b"
    r"(?= ?(?:[.,;!?\n]|$)|(?: \w+){0,3} (?:image|scan|study|examination|mri|ct)\b"
    r"| (?:in|on) (?:the|this)\b)",
    re.I,
)
# What a question's own words are denied with, beside all that says that something is absent.
_DENIED = re.compile(
    rf"{_ABSENT.pattern}|(?:\b(?:is|are|was|were|does|do|did|has|have)(?: not|n't)|\bnot|\bnever|\bcannot|\bwithout)\b"
    rf"{_REST}",
    re.I,
)
_COMPARED = re.compile(r"\b(?:than|rather than|instead of|unlike|except)\b.*", re.I)
# What a clause adds about a thing it has named.
_ASIDE = re.compile(r", ?(?:which|that|who|where|meaning|indicating)\b.*|\([^()]*\)", re.I)
# A statement that leaves out what was asked about.
_LEFT_OUT = word_set("none nothing absent negative false incorrect positive true correct") | frozenset(
    _SEEN.strip("(?:)").replace("visuali[sz]ed", "visualised|visualized").split("|")
)
_ELLIPTIC = re.compile(
    rf"\b(?:not|no|none|nothing|absent|negative|false|incorrect)\b|n't\b"
    rf"|(?P<there>\b(?:{_SEEN}|positive|true|correct)\b)",
    re.I,
)
_SHOWN = re.compile(rf"{_PRESENT.pattern}|\b{_SHOWS}s?\b|\bconsistent with\b", re.I)
_SUPPOSED = re.compile(
    r"\b(?:if|whether|question|to (?:determine|diagnose|assess|evaluate|detect|rule out|look for))\b", re.I
)
_PLACE = re.compile(r"\b(?:in|on|within|at|along|near|around|throughout)\b", re.I)
_BARE_LINE = re.compile(r"\W{0,9}(?:answer\W{0,5})?(?:yes|no)\W{0,9}", re.I)
_OPENS_WITH_NO = re.compile(r"\W{0,20}no\b", re.I)
_REVISION = re.compile(reply.REVISION, re.I)
_CONCLUDES = re.compile(r"\b(?:so|therefore|thus|hence|in conclusion|in summary|overall)\b", re.I)


def read_yes_no(response: str, question: str = "") -> Literal["yes", "no"] | None:
    """ "yes" or "no", whichever a response says to a question; None where it says neither, both, or hedges.

    Args:
        response: what the model wrote; no string raises, and the time grows with its length, not faster.
        question: what was asked. Its polarity decides what a repeated predicate means ("the trachea is normal"), and
            statements about something else answer nothing. Without it, any plain statement counts.

    >>> read_yes_no("The trachea appears normal.", "Is the trachea abnormal?")
    'no'
    """
    return word(said_of(reply.read(response), asked(question)))


def word(said: Said) -> Literal["yes", "no"] | None:
    """The one word that is said."""
    if said == _YES:
        return "yes"
    return "no" if said == _NO else None


def said_of(answer: reply.Reply, ask: Asked) -> Said:
    """What the answer says; anything but one word leaves it open."""
    text = _FORM.sub("", answer.text) if ":" in answer.text else answer.text
    if may_decline(text):
        text = _CANNOT_SEE.sub("do not see", without_absence(text))
    if answer.unfinished:
        return reply.said_finally(text, _REVISION, partial(_claimed, ask))
    return reply.last_word(text, _REVISION, partial(_explicit, ask), partial(_implied, ask))


def _explicit(ask: Asked, text: str) -> Said:
    """What a bare last line, the last statement, or else the sentences that open with yes or no say."""
    said = _last_line(text)
    if said is None:
        said = reply.said_explicitly(text, partial(_claimed, ask))
    if said is None:
        said = _openings(ask, text)
    return said


def _claimed(ask: Asked, statement: Statement) -> Said:
    """What one explicit statement says: the word at its head, or else its sentence."""
    said = _head(ask, statement.claim)
    if said is None and statement.cue in ("boxed", "tag", "phrase"):
        return _stated(ask, reply.SENTENCE_END.split(statement.claim, maxsplit=1)[0])
    return said


def _head(ask: Asked, text: str) -> Said:
    """The yes or no that a text opens with as a word of its own."""
    head = _HEAD.match(text)
    if head is None:
        return None
    first, rest = head["word"].lower(), text[head.end() :]
    second = _SECOND.match(rest)
    if _OR_ELSE.match(rest) or (second and second["word"].lower() != first) or (first == "no" and _NUMBER.match(rest)):
        return OPEN
    if first == "no" and _DETERMINER.match(rest):
        return None
    said = _YES if first.startswith("y") else _NO
    # On the question whether an image is abnormal, "Yes, it is normal" contradicts itself.
    normal = _normality(ask, reply.SENTENCE_END.split(rest, maxsplit=1)[0]) if ask.kind != "there" else None
    return OPEN if normal and not said <= normal else said


def _openings(ask: Asked, text: str) -> Said:
    """What the sentences say that open with yes or no; OPEN where they disagree."""
    if not _YES_OR_NO.search(text):
        return None
    starts = (match.end() for match in _SENTENCE_START.finditer(text))
    heads = (_head(ask, text[start : start + reply.LONGEST_CLAIM]) for start in starts)
    words = [head for head in heads if head is not None]
    return frozenset[str]().union(*words) if words else None


def _last_line(text: str) -> Said:
    """The word that stands alone on the last line, unless the line before is one as well ("Yes", "No")."""
    *_, before, last = ["", *text.split("\n")]
    if not before or not _BARE_LINE.fullmatch(last) or _BARE_LINE.fullmatch(before):
        return None
    return _head(Asked(), last)


def _implied(ask: Asked, text: str) -> Said:
    """What the plain statements of a short reply say; of a long one, its conclusion or its opening "No ..."."""
    _, *conclusions = _CONCLUDES.split(text)
    if conclusions:
        said = _stated(ask, reply.SENTENCE_END.split(conclusions[-1], maxsplit=1)[0])
        if said is not None:
            return said
    sentences = [sentence for sentence in reply.SENTENCE_END.split(text) if sentence.strip()]
    if len(sentences) <= SHORT_REPLY or _is_topical(ask):
        return _stated(ask, text)
    if _OPENS_WITH_NO.match(text):
        return OPEN if _HEDGE.search(text) else _stated(ask, sentences[0])
    return None


def _is_topical(ask: Asked) -> bool:
    """Whether the question tells which statements are about what it asks."""
    return ask.kind == "there" and bool(ask.things)


def _stated(ask: Asked, text: str) -> Said:
    """What plain statements say: that something is so, that it is not, both, or neither."""
    text = reply.BOUNDARY.sub(";", text)
    if _is_topical(ask):
        claims = [_claimed_of(ask, clause) for clause in reply.SENTENCE_END.split(text)]
        # What is said of the image goes before what is said of the thing as such ("edema is a swelling").
        shown = [said for said, is_shown in claims if said and is_shown]
        return frozenset[str]().union(*(shown or (said for said, _ in claims))) or None
    if _HEDGE.search(text):
        return OPEN
    absences = [match[0] for match in _ABSENT.finditer(text) if _is_about(ask, match[0])]
    rest = _ABSENT.sub(" \0;", text)
    there = (
        frozenset({True}) if any(_is_presence(ask, clause) for clause in _CLAUSE_END.split(rest)) else frozenset[bool]()
    )
    if absences:
        there |= {False}
    if ask.kind == "there":
        return frozenset[str]().union(*map(ask.answer, there)) or None
    # "It does not show a normal liver" denies something, and says yes.
    sound = OPEN if any(map(_NORMAL_WORD.search, absences)) else _normality(ask, rest)
    # A finding makes what is asked about unsound; that there is none makes it sound.
    return sound.union(*(ask.answer(found is (ask.kind == "unsound")) for found in there)) or None


def _is_about(ask: Asked, absence: str) -> bool:
    """Whether an absence bears on what the question asks to be sound: any does on a whole image."""
    if ask.kind == "there" or not ask.part:
        return True
    return _ABNORMAL.search(absence) is not None or any(named(word, content(absence)) for word in ask.part)


def _is_presence(ask: Asked, clause: str) -> bool:
    if not _PRESENT.search(clause) or _NORMAL_WORD.search(clause):
        return False
    return ask.kind == "there" or not ask.part or any(named(word, content(clause)) for word in ask.part)


def _normality(ask: Asked, text: str) -> frozenset[str]:
    """What a text says on whether something is sound: yes, no, both or neither, as the question asks for it."""
    unsound = {not found["negated"] for found in _ABNORMAL.finditer(text)}
    unsound |= {bool(found["negated"]) for found in _NORMAL.finditer(text)}
    return frozenset[str]().union(*(ask.answer(holds is (ask.kind == "unsound")) for holds in unsound))


def _claimed_of(ask: Asked, clause: str) -> tuple[frozenset[str], bool]:
    """What one clause says of what the question asks about, and whether it says so of the image."""
    main = _ASIDE.sub("", clause)
    told = content(main)
    elliptic = all(word in _LEFT_OUT for word in told)
    if not (elliptic or any(named(word, told) or rivalled(word, told) for word in ask.focus)) or _SUPPOSED.search(main):
        return frozenset(), False
    if elliptic:
        # "None seen", "Present.": the thing is left out, being what was asked about.
        word = _ELLIPTIC.search(main)
        return (ask.answer(word["there"] is not None), True) if word else (frozenset(), False)
    affirmed = content(_COMPARED.sub("", _DENIED.sub(" ", main)))
    scopes = [content(_PLACE.split(match[0], maxsplit=1)[0]) for match in _DENIED.finditer(main)]
    said = frozenset[str]()
    # "... is not seen": what is denied stands ahead of it.
    if any(_denies(ask, scope or affirmed, affirmed) for scope in scopes):
        said = ask.answer(False)
    elif [] not in scopes:
        said = _affirms(ask, affirmed)
    if _HEDGE.search(main) and (said or not affirmed or any(named(word, affirmed) for word in ask.focus)):
        return OPEN, True
    return said, bool(scopes) or _SHOWN.search(main) is not None


def _denies(ask: Asked, denied: Sequence[str], affirmed: Sequence[str]) -> bool:
    """Whether what is denied is what was asked about, and nothing narrower."""
    if not all(word in WHOLE or named(word, ask.things) for word in denied) or not any(
        named(word, denied) for word in ask.focus
    ):
        return False
    others = [word for word in ask.focus if not named(word, denied)]
    # "The liver is not enlarged" says nothing about the heart.
    return not others or not affirmed or any(named(word, affirmed) for word in others)


def _affirms(ask: Asked, affirmed: Sequence[str]) -> frozenset[str]:
    """Whether a clause names all that was asked about, or a rival of it ("mild" for "severe")."""
    missing = [word for word in ask.focus if not named(word, affirmed)]
    if not missing:
        return ask.answer(True)
    if all(rivalled(word, affirmed) for word in missing):
        return ask.answer(False)
    return frozenset()

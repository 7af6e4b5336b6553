"""Whether a reply says yes or no; see extraction.py for the rules."""

from __future__ import annotations

import re
from functools import partial

from radimagenet_vqa_tasks.reading import statements as reply
from radimagenet_vqa_tasks.reading.statements import OPEN, Said, Statement

_YES, _NO = frozenset({"yes"}), frozenset({"no"})
# Beyond this many sentences a reply is reasoning: of its plain statements only a conclusion answers the question.
SHORT_REPLY = 3

_LEAD = (
    r"(?:the|answer|is|it|most|likely|probably|definitely|clearly|clear|simply|oh|well|hmm|a|would|be|i|i'd|say|think"
    r"|my|so|therefore|thus|hence|and|however|actually)"
)
_HEAD = re.compile(rf"\W{{0,20}}(?:{_LEAD}\b\W{{1,5}}){{0,6}}(?P<word>yes|yeah|yep|yup|no|nope|nah)\b(?!['-]\w)", re.I)
# "yes or no", "no/mild"; "yes and no", "yes no"
_OR_ELSE = re.compile(r"\W{0,3}(?:or\b|/\W{0,2}\w)", re.I)
_SECOND = re.compile(r"\W{0,4}(?:and\b\W{0,4})?(?P<word>yes|no)\b(?! \w)", re.I)
# A form's blank that the reply repeats: "Answer (yes/no): no".
_FORM = re.compile(r"\(?\byes ?(?:/|or) ?no\b\)?(?= ?:)", re.I)
_NUMBER = re.compile(r"\.? ?\d")
# "No edema": a determiner, so a plain statement. "No, ...", "No it is not": the answer itself.
_DETERMINER = re.compile(r" (?!(?:it|there|this|that|these|the|i|we|because|since|as|but|so|and|or|not)\b)\w", re.I)
_SENTENCE_START = re.compile(r"(?:^|[.!?;:\n]|\bbut\b)(?=\W{0,8}\w)")

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
_SOUND = re.compile(r"\b(?:normal|unremarkable|intact|clear)\b", re.I)
# "Abnormal" says so wherever it stands; "normal" only of the whole: "loss of the normal signal" is abnormal.
_ABNORMAL = re.compile(
    r"(?P<negated>(?:\b(?:not|nothing|neither|nor|far from)\b|n't\b)(?: \w+){0,4}? )?"
    r"\babnormal(?:ly|ity|ities)?\b",
    re.I,
)
_NORMAL = re.compile(
    r"(?:^\W{0,3}(?:an? )?|(?P<negated>(?:\b(?:not|neither|far from)|n't)(?: \w+){0,4} ))normal\b"
    r"|\b(?:is|are|was|were|be|appears?|looks?|seems?) (?:\w+ly |to be )?(?:an? )?normal\b"
    r"(?= ?(?:[.,;!?\n]|$)|(?: \w+){0,3} (?:image|scan|study|examination|mri|ct)\b)",
    re.I,
)
_BARE_LINE = re.compile(r"\W{0,9}(?:answer\W{0,5})?(?:yes|no)\W{0,9}", re.I)
_OPENS_WITH_NO = re.compile(r"\W{0,20}no\b", re.I)
_REVISION = re.compile(reply.REVISION, re.I)
_CONCLUDES = re.compile(r"\b(?:so|therefore|thus|hence|in conclusion|in summary|overall)\b", re.I)


def read_yes_no(response: str, bare_normal: bool) -> str | None:
    """ "yes" or "no", None where a response says neither or both."""
    answer = reply.read(response)
    text = _FORM.sub("", answer.text)
    if answer.unfinished:
        said = reply.said_finally(text, _REVISION, partial(_claimed, bare_normal))
    else:
        said = reply.last_word(text, _REVISION, partial(_explicit, bare_normal), partial(_implied, bare_normal))
    return next(iter(said)) if said in (_YES, _NO) else None


def _explicit(bare_normal: bool, text: str) -> Said:
    """What a bare last line, the last statement, or else the sentences that open with yes or no say."""
    said = _last_line(text)
    if said is None:
        said = reply.said_explicitly(text, partial(_claimed, bare_normal))
    if said is None:
        said = _openings(bare_normal, text)
    return said


def _claimed(bare_normal: bool, statement: Statement) -> Said:
    """What one explicit statement says: the word at its head, or else its sentence."""
    said = _head(bare_normal, statement.claim)
    if said is None and statement.cue in ("boxed", "tag", "phrase"):
        return _stated(bare_normal, reply.SENTENCE_END.split(statement.claim, maxsplit=1)[0])
    return said


def _head(bare_normal: bool, text: str) -> Said:
    """The yes or no that a text opens with as a word of its own."""
    head = _HEAD.match(text)
    if head is None:
        return None
    word, rest = head["word"].lower(), text[head.end() :]
    second = _SECOND.match(rest)
    if _OR_ELSE.match(rest) or (second and second["word"].lower() != word) or (word == "no" and _NUMBER.match(rest)):
        return OPEN
    if word == "no" and _DETERMINER.match(rest):
        return None
    said = _YES if word.startswith("y") else _NO
    # On the question whether an image is abnormal, "Yes, it is normal" contradicts itself.
    normal = _normality(reply.SENTENCE_END.split(rest, maxsplit=1)[0]) if bare_normal else None
    return OPEN if normal and not said <= normal else said


def _openings(bare_normal: bool, text: str) -> Said:
    """What the sentences say that open with yes or no; OPEN where they disagree."""
    starts = (match.end() for match in _SENTENCE_START.finditer(text))
    heads = (_head(bare_normal, text[start : start + reply.LONGEST_CLAIM]) for start in starts)
    words = [head for head in heads if head is not None]
    return frozenset[str]().union(*words) if words else None


def _last_line(text: str) -> Said:
    """The word that stands alone on the last line, unless the line before is one as well ("Yes", "No")."""
    *_, before, last = ["", *text.split("\n")]
    if not before or not _BARE_LINE.fullmatch(last) or _BARE_LINE.fullmatch(before):
        return None
    return _head(False, last)


def _implied(bare_normal: bool, text: str) -> Said:
    """What the plain statements of a short reply say; of a long one, its conclusion or its opening "No ..."."""
    _, *conclusions = _CONCLUDES.split(text)
    if conclusions:
        said = _stated(bare_normal, reply.SENTENCE_END.split(conclusions[-1], maxsplit=1)[0])
        if said is not None:
            return said
    sentences = [sentence for sentence in reply.SENTENCE_END.split(text) if sentence.strip()]
    if len(sentences) <= SHORT_REPLY:
        return _stated(bare_normal, text)
    if _OPENS_WITH_NO.match(text):
        return OPEN if _HEDGE.search(text) else _stated(bare_normal, sentences[0])
    return None


def _stated(bare_normal: bool, text: str) -> Said:
    """What plain statements say: that something is there, that it is not, both, or neither."""
    if _HEDGE.search(text):
        return OPEN
    text = reply.BOUNDARY.sub(";", text)
    absences = [match[0] for match in _ABSENT.finditer(text)]
    rest = _ABSENT.sub(" \0;", text)
    said = _NO if absences else frozenset[str]()
    if any(_PRESENT.search(clause) and not _SOUND.search(clause) for clause in _CLAUSE_END.split(rest)):
        said |= _YES
    if bare_normal:
        # "It does not show a normal liver" denies something, and says yes.
        said |= OPEN if any(map(_SOUND.search, absences)) else _normality(rest)
    return said or None


def _normality(text: str) -> frozenset[str]:
    """What a text says on whether something is abnormal: yes, no, both or neither."""
    abnormal = {"no" if found["negated"] else "yes" for found in _ABNORMAL.finditer(text)}
    normal = {"yes" if found["negated"] else "no" for found in _NORMAL.finditer(text)}
    return frozenset(abnormal | normal)

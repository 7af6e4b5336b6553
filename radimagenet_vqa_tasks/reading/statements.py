"""What a reply says, before anybody asks which option, or which of yes and no, it names.

The steps that both readers share, in their order: `read` takes off thinking, Markdown, LaTeX, HTML and full-width
letters; `last_word` goes back from where the model last changed its mind; `said_explicitly` finds what is called
the answer; `affirmed` drops what is negated or refused.

Every pattern is applied to at most LONGEST_READ characters and repeats over bounded spans only, so that no reply
can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from radimagenet_vqa_tasks.reading.fields import answer_field
from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.reading.undress import has_any, plain

# What 8,192 tokens come to. Nothing longer is an answer, so that it is read like reasoning that was cut off: by its
# end, and for an explicit final statement only.
LONGEST_READ = 40_000
LONGEST_CLAIM = 300
SHORTEST_STATEMENT = 4  # "So A"
# Looking back stops here: a reply that changed its mind this often, or called this many things its answer without
# naming one, has not answered.
MOST_REVISIONS = 50
MOST_STATEMENTS = 500

# What a piece of text says: None is nothing, one member is an answer, anything else is left open.
Said = frozenset[str] | None
OPEN = frozenset("?")

REVISION = (
    r"(?:^|[.!?;,\n-]) ?(?:(?:oh|but|hmm|or|no|and)\b ?[,.]? ?)?"
    r"\b(?:wait|actually|correction|sorry|scratch that|on second thought|on reflection|hold on|i mean|i meant"
    r"|let me (?:reconsider|rethink|correct))\b"
)
# A change of mind holds one of these.
REVISION_HINTS = (
    *("wait", "actually", "correction", "sorry", "scratch", "second thought", "reflection", "hold on", "i mean"),
    "let me ",
)
_TAKEN_BACK = re.compile(r"\b(?:that|this|it|i)(?:'s| is| was|'m| am)? (?:wrong|incorrect|mistaken|not right)\b", re.I)

# What calls something the answer, by kind: the substrings without one of which it is not there, and the pattern.
_CUES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("boxed", "fbox"), r"(?P<boxed>\\?(?:boxed|fbox) ?\{)"),
    (("<answer>",), r"(?P<tag><answer>)"),
    (
        (
            *("answer", "option", "choice", "diagnos", "conclu", "response", "select", "predict", "guess", "label"),
            *("reponse", "respuesta", "resposta", "risposta", "antwort"),
        ),
        r"\b(?P<phrase>(?P<final>final )?"
        r"(?:answer|option|choice|diagnosis|conclusion|response|selection|prediction|guess|label)[\"')]?"
        r"(?: (?:to|for|of|in|on|from|given|based on)(?: \w+){1,5}?)?"
        r" ?(?:\b(?:is|was|(?:would|should|must|will|can only|has to) be)\b|[:=]>?|->| - )[\"':\s]*"
        # the same in other languages that models answer in, as `plain` leaves them
        r"|\b(?:reponse|respuesta|resposta|risposta|antwort)(?: \w+){0,2}? ?(?:\b(?:est|es|e|ist|lautet)\b|:)"
        r"[\"':\s]*)",
    ),
    (
        (
            *("choos", "chose", "select", "pick", "go with", "going with", "went with", "opt for", "except"),
            *("option", "choice", "letter", "say", "guess", "answer"),
        ),
        r"\b(?P<choice>(?:choos(?:e|ing)|chose|select(?:ed)?|pick(?:ed)?|(?:go(?:ing)?|went) with|opt for"
        r"|all\b[^.;\n]{0,60}\bexcept(?: for)?"
        r"|(?:is|was|be|equals) (?=(?:option|choice|letter)\W{1,3}[A-Za-z]\b)"
        r"|i(?:'d| would|'ll| will)? (?:\w+ )?(?:say|guess|answer))(?:\b|(?<= )))",
    ),
    (
        ("so", "therefore", "thus", "hence", "conclusion", "summary", "finally", "overall", "consequently"),
        r"\b(?P<conclusion>(?:so|therefore|thus|hence|in conclusion|in summary|finally|overall|consequently)\b)",
    ),
    # "B is correct": here the answer stands before the cue.
    (
        ("answer", "correct", "right", "best", "accurate", "appropriate"),
        r"\b(?P<verdict>(?:is|are|must be|would be|seems|appears)(?: (?:clearly|definitely|therefore|indeed))?"
        r" (?:the )?(?:(?:most|only) )?(?:likely )?(?:answer\b|(?:correct|right|best|accurate|appropriate)"
        r"(?= (?:answer|option|choice|one)\b| ?(?:[.,;:!?)\n]|$))))",
    ),
    (
        ("答", "답", "选", "因此", "所以", "故"),
        r"(?:答案|答え|정답|답)(?: ?(?:应该|应|就)?(?:是|为|选择?|은|는|이|は))?[\"':\s]*(?P<phrase_>)"
        r"|选择?(?P<choice_>)|(?:因此|所以|故)(?P<conclusion_>)",
    ),
)
_CLAUSE_EDGE = re.compile(r"[.,;:!?\n]|\b(?:so|but|and|hence|thus|therefore|then|because|however)\b", re.I)
_NOT_ASSERTED = re.compile(r"\b(?:if|whether|suppose|assuming|unless|not|cannot|never)\b|n't\b", re.I)
_LOOK_BACK = 160
_JOINS_BACK = re.compile(r"(?:\b(?:or|and)\b|[,/&])\W{0,6}$", re.I)

SENTENCE_END = re.compile(r"[.!?;\n]")
_QUESTION = re.compile(r"(?<![^.!?;\n])[^.!?;\n]*\?")
_PART = re.compile(r"[^.!?;\n]+")
_CLAUSE = re.compile(r"[^,]+")
BOUNDARY = re.compile(
    r"\b(?:but|so|because|while|whilst|whereas|although|though|since|however|therefore|thus|hence|then|yet)\b", re.I
)
# A comma inside a list ("not A, B or C") does not end what is said of the list.
_LIST_COMMA = re.compile(r",(?= ?(?:(?i:or|nor|and)\b|[A-Z\ue000-\ue0ff] ?(?:$|[,.;!?\n]|(?i:and|or|nor)\b)))")
REFUSAL = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to|won't|will not|refuse to"
    r"|(?:not |im)possible to|difficult to|hard to)\b.{0,40}?"
    r"\b(?:answer|determin|tell|say|provid|assist|help|identif|interpret|diagnos|analy|view|see\b|access|give|make"
    r"|confirm|assess|comment|conclude|decide|choose|select|distinguish|evaluat|read|offer|know|be (?:sure|certain))"
    r"|\bnot (?:sure|certain|clear\b|enough|applicable|listed|among)|\bnone of\b|\bn/a\b"
    r"|\b(?:unsure|uncertain|unclear|insufficient|undetermined|indeterminate|unknown|inconclusive)\b"
    r"|\b(?:don't|do not) know\b|\bno (?:idea|information|answer|comment|way|one|correct)\b",
    re.I,
)
# In a clause with one of these nothing is affirmed; in a clause with one of the next, nothing after it is.
_REJECTS = re.compile(
    r"\b(?:incorrect|wrong|(?:rule|ruled|ruling|rules) out|(?:exclud|eliminat|reject|dismiss|contradict)\w*|unlikely"
    r"|implausible|impossible|false|inconsistent|fails?|cannot|if|unless|whether|suppos(?:e|ing)|assuming)\b|n't\b"
    r"|\b(?:is|are|was|were|be|do|does|did|has|have|could|would|should|can|may|might|must|will|seems?|appears?"
    r"|looks?) (?:\w+ly )?not\b",
    re.I,
)
_MARKED_WRONG = re.compile(r"\W{0,2}[:-] ?(?:no|not|false|wrong|incorrect)\b(?= ?(?:[.,;:!?\n]|$))", re.I)
_NEGATES = re.compile(
    r"\bwithout\b(?:(?! (?:is|are|was|were|has|have|had|shows?|appears?|seems?)\b).)*"
    r"|\b(?:not?|nor|neither|never|rather than|than|instead of|unlike|except|opposed to|absence of|against)\b.*",
    re.I,
)
# Without one of these nothing is refused, rejected or negated.
_DENIAL_HINTS = (
    *("no", "n't", "can", "unable", "refuse", "possible", "difficult", "hard", "n/a", "unsure", "uncertain", "unclear"),
    *("insufficient", "determin", "inconclusive", "incorrect", "wrong", "rul", "exclu", "eliminat", "reject"),
    *("dismiss", "contradict", "unlike", "plausible", "false", "inconsistent", "fail", "if", "unless", "whether"),
    *("suppos", "assum", "without", "neither", "never", "than", "instead", "except", "opposed", "absence", "against"),
)


@dataclass(frozen=True)
class Reply:
    """A reply without its dress; `unfinished` where there is only reasoning, with no answer set apart from it."""

    text: str
    unfinished: bool


@dataclass(frozen=True)
class Statement:
    """Something that the reply calls its answer.

    Attributes:
        cue: by what: `boxed`, `tag`, `phrase`, `choice`, `conclusion`, or `verdict` ("B is correct").
        claim: the text that is called so, at most LONGEST_CLAIM characters.
        alternative: it is joined to the statement before it by "or", "and" or a comma.
        final: it is marked as final, or nothing follows it.
    """

    cue: str
    claim: str
    alternative: bool
    final: bool


def read(response: str) -> Reply:
    """The part of a response that is meant as its answer, undressed."""
    parts = split(response)
    # Of thinking that was cut off, what it calls final still counts.
    answer = parts.answer if parts.finished else f"{parts.answer}\n{parts.thinking}"
    unfinished = not parts.finished or len(answer) > LONGEST_READ
    answer = answer[-LONGEST_READ:]
    text = plain(answer_field(answer) or answer)
    # A question is no answer, unless it is all there is ("B?").
    return Reply(_QUESTION.sub(" ", text).strip(" \n") or text, unfinished)


def last_word(
    text: str,
    revision: re.Pattern[str],
    explicit: Callable[[str], Said],
    implied: Callable[[str], Said],
    hints: Sequence[str] = REVISION_HINTS,
) -> Said:
    """What the reply ends up saying where it may change its mind ("B. Wait, C.").

    What stands after the last change of mind counts first. There, an explicit statement replaces all before it; a
    mere mention that differs from an explicit statement before it leaves the matter open. Without one of the `hints`
    `revision` finds nothing.
    """
    pending: Said = None
    segments = revision.split(text) if has_any(text.lower(), hints) else [text]
    for index in reversed(range(len(segments))[-MOST_REVISIONS:]):
        said = explicit(segments[index])
        if said is not None:
            return said if pending is None else said | pending
        if pending is None:
            pending = implied(segments[index])
        if pending is None and index and (_TAKEN_BACK.search(segments[index]) or REFUSAL.search(segments[index])):
            pending = OPEN
    return pending


def said_finally(text: str, revision: re.Pattern[str], reader: Callable[[Statement], Said]) -> Said:
    """What reasoning that never ended says as its final answer, after its last change of mind."""
    return said_explicitly(revision.split(text)[-1], lambda statement: reader(statement) if statement.final else None)


def said_explicitly(text: str, reader: Callable[[Statement], Said]) -> Said:
    """What the last statement says in which `reader` reads anything, together with its alternatives."""
    said: Said = None
    for statement in _statements(text):
        more = reader(statement)
        if more is not None:
            said = more if said is None else said | more
            if not statement.alternative:
                break
    return said


@cache
def _cues(kinds: tuple[int, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_CUES[kind][1] for kind in kinds), re.I)


def _statements(text: str) -> Iterator[Statement]:
    """What the reply calls its answer, the last statement first."""
    if len(text) < SHORTEST_STATEMENT and text.isascii():
        return
    lowered = text.lower()
    kinds = tuple(kind for kind, (hints, _) in enumerate(_CUES) if has_any(lowered, hints))
    if not kinds:
        return
    end = len(text)
    for cue in list(_cues(kinds).finditer(text))[: -MOST_STATEMENTS - 1 : -1]:
        before = text[max(0, cue.start() - _LOOK_BACK) : cue.start()]
        kind = (cue.lastgroup or "").rstrip("_")
        if kind == "verdict":
            yield Statement(kind, _subject(before), alternative=False, final=False)
        elif not _NOT_ASSERTED.search(_CLAUSE_EDGE.split(before)[-1]):
            claim = _claim(text[cue.end() : min(end, cue.end() + LONGEST_CLAIM)], cue).lstrip()
            marked = kind in ("boxed", "tag") or cue.groupdict().get("final") is not None
            ends_reply = text.endswith(claim, cue.end()) and not re.search(r"[.,!?;\n] ?\w", claim)
            yield Statement(kind, claim, _JOINS_BACK.search(before) is not None, marked or ends_reply)
            end = cue.start()


def _subject(before: str) -> str:
    """The clause that a verdict ("... is correct") is about, which may name two options."""
    return re.split(r"[.,;:!?\n]", BOUNDARY.sub(";", before))[-1]


def _claim(claim: str, cue: re.Match[str]) -> str:
    """The text after a cue, up to the next cue; of a box, only what is inside."""
    if cue.lastgroup != "boxed":
        return claim
    depth = 1
    for brace in re.finditer(r"[{}]", claim):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return claim[: brace.start()]
    return claim


def affirmed(text: str) -> str:
    """`text` without the sentences that refuse and without what is negated ("not A", "A is wrong")."""
    text = _LIST_COMMA.sub(" ", BOUNDARY.sub(";", text))
    return _PART.sub(_affirmed_part, text)


def _affirmed_part(part: re.Match[str]) -> str:
    if not has_any(part[0].lower(), _DENIAL_HINTS):
        return part[0]
    return "" if REFUSAL.search(part[0]) else _CLAUSE.sub(_affirmed_of, part[0])


def rejected(predicate: str) -> bool:
    """Whether what follows a name says that the name is wrong ("A is incorrect", "A: no")."""
    clause = _CLAUSE_EDGE.split(predicate[:LONGEST_CLAIM], maxsplit=1)[0]
    return _REJECTS.search(clause) is not None or _MARKED_WRONG.match(predicate) is not None


def _affirmed_of(clause: re.Match[str]) -> str:
    return "" if _REJECTS.search(clause[0]) or _MARKED_WRONG.search(clause[0]) else _NEGATES.sub("", clause[0])

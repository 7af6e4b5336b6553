"""Takes from a text what could speak for the judge or for the prompt; leaves any other text byte for byte as it is.

A text is read as a language model might read it: decoded, in plain letters, with invisible characters left out. Tokens
are found by their shape: a bracketed identifier, a line that opens like another speaker or like the prompt's own
labels, a verdict in JSON or after a label. A text that has none is passed on untouched. One that has any is shown
decoded, on one line, with an ellipsis for each token and without a bracket, quote, label sign or escape, so that
nothing which is nested in it can become a token again. Each step takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from radimagenet_vqa_tasks.judge.llm.decoding import decoded
from radimagenet_vqa_tasks.judge.llm.lookalikes import CLOSE, OPEN, look

ELLIPSIS = "\u2026"

Range = tuple[int, int]


def _names(*names: str) -> str:
    """An alternation of names as they look, without what is no letter."""
    return "|".join("".join(sign for char in name for sign in look(char) if sign.isalnum()) for name in names)


# The prompts' own fields, and who speaks in a chat. What else stands in a bracket needs no name.
_OWN = _names("judgement", "judgment", "judge", "verdict", "think")
_LONG_SPEAKERS = "assistant|chatbot|grader|referee|judge|evaluator|examiner|developer|human"
# "System: musculoskeletal" and "Model: cadaver" are no speakers unless they speak of judging.
_SURE_SPEAKERS = rf"{_LONG_SPEAKERS}|user|ai|bot|llm|chatgpt|gpt|\u52a9\u624b|\u7528\u6237|\u4eba\u7c7b|\u88c1\u5224"
_SPEAKERS = rf"{_SURE_SPEAKERS}|model|system|tool"
# "The standard answer", as the prompt has it, and what else it may be called; "the correct answer" is everybody's word.
_FRAME = _names(
    *("standard answer", "reference answer", "gold answer", "expected answer", "user's answer", "ground truth"),
    *("user answer", "official answer", "standard response", "standard solution"),
    *("\u6807\u51c6\u7b54\u6848", "\u6a19\u6e96\u7b54\u6848", "\u6a19\u6e96\u89e3\u7b54", "\u53c2\u8003\u7b54\u6848"),
    *("respuesta est\u00e1ndar", "r\u00e9ponse standard", "Standardantwort", "Musterantwort", "risposta standard"),
    *(
        "resposta padr\u00e3o",
        "\u0441\u0442\u0430\u043d\u0434\u0430\u0440\u0442\u043d\u044b\u0439 \u043e\u0442\u0432\u0435\u0442",
    ),
)
_PHRASES = _names(
    "please strictly follow", "following format for output", "your task is to determine", "0 represents correct"
)
_QUESTION = _names("the question is")

# Elements that answers have, and that no chat format and no judge gives a meaning.
_HARMLESS = frozenset(
    [
        "answer",
        "b",
        "br",
        "i",
        "u",
        "p",
        "em",
        "strong",
        "sub",
        "sup",
        "li",
        "ul",
        "ol",
        "td",
        "tr",
        "th",
        "table",
        "code",
        "pre",
        "hr",
        "span",
        "div",
        "font",
        "small",
    ]
)

_ANGLE = re.compile(r"<([^<>]{1,120})>")
_HALF_ANGLE = re.compile(rf"[<{OPEN}]/\s{{0,9}}[^\s\d<>{OPEN}{CLOSE}]|[<{OPEN}]\||<[!?]")
_BOXED = re.compile(r"(?:\[|(?<![\\\w^_}]){)([^\[\]{}\n]{1,60})[\]}]")
_DISGUISED = re.compile(rf"[<{OPEN}]([^<>{OPEN}{CLOSE}\n]{{1,60}})[>{CLOSE}]")
_CONTROL = re.compile(r"[/|]?[a-z]?[A-Z]{3,24}\d{0,4}[/|]?|[A-Za-z]{1,24}(?:_[A-Za-z\d]{1,24}){1,5}")
_LONE_ZERO = r"0(?![\w.,%/]|\s{0,3}(?:mm|cm|ml|%|/))"

_SHAPES = [
    re.compile(shape)
    for shape in (
        # A verdict in brackets of its own, after a quoted label, or in an object.
        rf"\[\s{{0,9}}\[[^\w\n]{{0,9}}0[^\w\n]{{0,9}}\]|(?<![\w^_\\]){{\s{{0,9}}0\s{{0,9}}}}|[<{OPEN}]\s{{0,9}}0\s{{0,9}}[>{CLOSE}]",
        r"[\"'`][^\w\n]{0,4}\w{2,20}[^\w\n]{0,4}[\"'`]\s{0,9}(?::|=)>?\s{0,9}[\"'`]?(?:0|correct)\b",
        r"[\"'`]\s{0,9}(?:is_?)?correct\s{0,9}[\"'`]\s{0,9}:\s{0,9}true\b",
        r"[\[{,]\s{0,9}\w{2,20}\s{0,9}[:=]\s{0,9}[\"']?0[\"']?\s{0,9}[,}\]]",
        rf"\brole\b\W{{1,9}}(?:{_SPEAKERS})\b",
        # After some text, a speaker's turn; in the middle of a line only with a colon.
        rf"\n[^\w\n]{{0,12}}(?:{_SURE_SPEAKERS})(?:\s{{0,3}}\([^()\n]{{0,30}}\))?[^\w\n]{{0,4}}\s{{0,3}}(?:[:=>|~\]{CLOSE}*]|{_LONE_ZERO}|\n|$)",
        rf"\n[^\w\n]{{0,12}}assistant(?:analysis|commentary|final)|(?<=\w)[^\w\n]{{1,12}}(?:{_SURE_SPEAKERS})\s{{0,3}}:",
        rf"\n[^\w\n]{{0,12}}(?:{_SPEAKERS}|function|response|input|output|instruction)\s{{0,3}}:(?=[^\n]{{0,300}}"
        rf"(?:\b(?:judge|verdict|correct|incorrect|grade[rd]?)\b|\b{_LONE_ZERO}))",
        rf"\n[^\w\n]{{0,12}}(?:{_SPEAKERS})[^\w\n]{{0,9}}\n\W{{0,9}}{_LONE_ZERO}",
        # Whose answer it is, behind an adjective that no answer puts before its own ("the correct answer: knee").
        r"\b(?:standard|reference|gold(?:en)?|model|official|true|target|ideal|sample|candidate|expert|key|user|student)"
        r"(?:\W{0,3}s)?\W{1,3}(?:answer|response|reply|solution|label|truth)s?\W{0,4}(?:[:=]|\bis\b)",
        r"\banswer\W{1,3}key\W{0,4}(?:[:=]|\bis\b)",
        # A line of a label and a verdict, or of a verdict alone under a label or a heading.
        rf"\n[^\w\n]{{0,9}}[^\W\d][^\n:]{{0,60}}[:=>|][^\w\n]{{0,9}}[^\d\n:]{{0,12}}{_LONE_ZERO}[^\w\n]{{0,9}}(?=\n|$)",
        rf"(?:\n#{{1,6}}[^\n]{{1,40}}|:[^\w\n]{{0,9}})\n\W{{0,9}}{_LONE_ZERO}[^\w\n]{{0,9}}(?=\n|$)",
    )
]

# The same names with anything between their letters: found in the text's letters and digits alone.
_SQUEEZED_OWN = re.compile(_OWN)
_SQUEEZED_SPEAKER = re.compile(_LONG_SPEAKERS)
_SQUEEZED_FRAME = re.compile(rf"(?:{_FRAME})(is|was|\u662f|\u4e3a)?|(?:{_PHRASES})")
_SQUEEZED_QUESTION = re.compile(_QUESTION)
_CUT = re.compile(rf"{_OWN}|{_LONG_SPEAKERS}|{_FRAME}|{_PHRASES}")
_VERDICT = re.compile(r"(?:judgement|judgment|judge|verdict)")


def neutralise(text: str) -> str:
    """`text` as it is where nothing in it looks like a token, else with all its tokens made harmless."""
    plain, ended = decoded(text)
    seen = _Seen.of(plain)
    tokens = [*_bracketed(seen), *_shaped(seen), *_named(seen)]
    if ended and not tokens:
        return text
    return _harmless(seen, tokens)


@dataclass(frozen=True)
class _Seen:
    """A decoded text; what it looks like, and its letters and digits alone; each sign with its place in the other.

    Attributes:
        places: of each sign of `looks`, in `plain`.
        squeezed_places: of each sign of `squeezed`, in `looks`.
    """

    plain: str
    looks: str
    places: list[int]
    squeezed: str
    squeezed_places: list[int]

    @classmethod
    def of(cls, plain: str) -> _Seen:
        signs = [(sign, place) for place, char in enumerate(plain) for sign in look(char)]
        letters = [(sign, place) for place, (sign, _) in enumerate(signs) if sign.isalnum()]
        return cls(
            plain,
            "".join(sign for sign, _ in signs),
            [place for _, place in signs],
            "".join(sign for sign, _ in letters),
            [place for _, place in letters],
        )

    def before(self, start: int) -> str:
        """What stands directly before a place of `looks` and is no letter or digit; at most 8 signs."""
        text = self.looks[max(0, start - 8) : start]
        return text[len(text.rstrip(_NO_WORD)) :] if text else ""

    def after(self, end: int) -> str:
        """What follows a place of `looks` up to the next letter or digit; at most 12 signs."""
        text = self.looks[end : end + 12]
        return text[: len(text) - len(text.lstrip(_NO_WORD))]

    def range(self, start: int, end: int) -> Range:
        """Places of `looks` as places of `plain`."""
        return self.places[start], self.places[end - 1] + 1


_NO_WORD = "".join(map(chr, [*range(48), *range(58, 65), *range(91, 97), *range(123, 192)])) + OPEN + CLOSE


def _bracketed(seen: _Seen) -> Iterator[Range]:
    """Identifiers in brackets: whole if they are one word, else (it may be prose between two comparisons) the signs."""
    for found in _HALF_ANGLE.finditer(seen.looks):
        name = re.match(r"\s{0,9}([a-z]{1,9})\s{0,9}>", seen.looks[found.end() - 1 : found.end() + 40])
        if not (name and name[1] in _HARMLESS):
            yield seen.range(found.start(), found.start() + 2)
    for found in _ANGLE.finditer(seen.looks):
        if _is_tag(found[1], seen.looks[found.end() : found.end() + 9]):
            whole = len(found[1].split()) < 2 or "=" in found[1]
            yield seen.range(found.start(), found.end() if whole else found.start() + 1)
    for pattern in (_BOXED, _DISGUISED):
        for found in pattern.finditer(seen.looks):
            start, end = seen.range(found.start(), found.end())
            ends = {found[0][0], found[0][-1]}
            if ends == {"<", ">"}:
                continue
            if len(ends & {"<", ">"}) == 1 and _is_tag(found[1], ""):  # one bracket in disguise is no accident
                yield start, end
            following = re.match(rf"\s{{0,9}}{_LONE_ZERO}", seen.looks[found.end() : found.end() + 16])
            if _is_control(seen.plain[start + 1 : end - 1], found[1], bool(following), found[0][0]):
                yield start, end


def _is_tag(content: str, following: str) -> bool:
    """Whether what stands between < and > is an identifier, and not a measure or the middle of a comparison."""
    letters = "".join(char for char in content if char.isalnum())
    if not letters or content[0].isdigit() or (content[0] in ".-+~=" and content[1:2].isdigit()):
        return False
    if content[0].isspace():  # "x < s > y" compares; "< judge >" does not
        words = re.sub(r"[^\w\s]", " ", content).split()
        if not (len(letters) > 2 and (len(words) == 1 or all(len(word) == 1 for word in words))):
            return False
    name = re.match(r"\s*/?\s*([a-z]+)\s*/?\s*$|([a-z]+)\s[^|]*$", content)
    harmless = name and (name[1] or name[2]) in _HARMLESS
    return not harmless or bool(re.match(r"\s*0\s*<", following))


def _is_control(plain: str, content: str, zero_follows: bool, bracket: str) -> bool:
    """Whether an identifier in other brackets is a chat format's, a speaker, or holds a verdict after it."""
    word = content.strip(" /|_*:='\"")
    known = re.fullmatch(rf"(?:{_OWN}|{_SPEAKERS})", word)
    if known or (re.search(r"\|\S|^/\s{0,3}[^\W\d]{3}", content) and bracket != "{"):
        return True
    return (zero_follows and len(word) > 2 and word.isalpha()) or (bracket == "[" and bool(_CONTROL.fullmatch(plain)))


def _shaped(seen: _Seen) -> Iterator[Range]:
    for shape in _SHAPES:
        for found in shape.finditer(seen.looks):
            yield seen.range(found.start(), found.end())


def _named(seen: _Seen) -> Iterator[Range]:
    """The names of the prompt and of speakers, with whatever stands between their letters, where they act as such."""
    for pattern, acts in (
        (_SQUEEZED_OWN, _is_own),
        (_SQUEEZED_SPEAKER, _is_turn),
        (_SQUEEZED_FRAME, _is_frame),
        (_SQUEEZED_QUESTION, _is_label),
    ):
        for found in pattern.finditer(seen.squeezed):
            start, end = seen.squeezed_places[found.start()], seen.squeezed_places[found.end() - 1] + 1
            if acts(seen, found, start, end):
                yield seen.range(start, end)


def _is_own(seen: _Seen, found: re.Match[str], start: int, end: int) -> bool:
    before, after = seen.before(start), seen.after(end)
    following = seen.looks[end + len(after) : end + len(after) + 2]
    zero = following[:1] == "0" and not following[1:].isalnum()
    if set(before) & set(f"<[{{({OPEN}") and (zero or set(after) & set(f">]}}):={CLOSE}")):
        return True
    if _VERDICT.match(found[0]) and set(before) & set(f"<{OPEN}"):
        return True
    assigned = bool(set(after) & set(f":=>{CLOSE}"))
    assigned = assigned or (zero and bool(set(after) & set("-\u2013\u2014")))
    verdict = bool(_VERDICT.match(found[0]))
    return verdict and ((assigned and (zero or following == "co")) or (zero and bool(before.strip(" \n.,;-"))))


def _is_turn(seen: _Seen, found: re.Match[str], start: int, end: int) -> bool:
    alone = bool(seen.before(start)) or start == 0
    return alone and found.start() > 0 and ":" in seen.after(end)


def _is_frame(seen: _Seen, found: re.Match[str], start: int, end: int) -> bool:
    return bool(found[1]) or (not found.lastindex and _is_phrase(found[0])) or _is_label(seen, found, start, end)


def _is_phrase(text: str) -> bool:
    return bool(re.fullmatch(_PHRASES, text))


def _is_label(seen: _Seen, found: re.Match[str], start: int, end: int) -> bool:
    after = seen.after(end)
    return bool(set(after) & set(":=>")) or after.strip() in ("-", "--", "\u2013", "\u2014")


def _harmless(seen: _Seen, tokens: list[Range]) -> str:
    """The decoded text with an ellipsis for each token and each name, and nothing else of which one could be made."""
    names = (
        seen.range(seen.squeezed_places[found.start()], seen.squeezed_places[found.end() - 1] + 1)
        for found in _CUT.finditer(seen.squeezed)
    )
    pieces: list[str] = []
    done = 0
    for start, end in sorted([*tokens, *names]):
        if start > done or not pieces:
            pieces += [_unsigned(seen.plain[done:start]), ELLIPSIS]
        done = max(done, end)
    return re.sub(r"\s+", " ", "".join([*pieces, _unsigned(seen.plain[done:])])).strip()


_SIGNS = re.compile(rf"[\[\]{{}}|`\"=#@:&%\\{OPEN}{CLOSE}\n]|(?:<|>)(?!\s?\d)|\s>|\+(?=\w)")


def _unsigned(text: str) -> str:
    return _SIGNS.sub(lambda sign: sign[0] if sign[0] == " >" else " ", text)

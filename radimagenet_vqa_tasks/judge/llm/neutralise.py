"""Takes from a response what could speak for the judge or for the prompt, and leaves every other byte as it is.

Neutralised are: the judge's own tags, thinking tags, the control tokens of chat formats, a turn of another role that
begins inside the response, the labels of the prompt's own frame, and the field of a JSON verdict; in plain writing or
in disguise (look-alike letters, invisible characters, entities, spaced letters). Each becomes its bare name in round
brackets, which no format reads, so that the judge still sees what was written: `</judge>` becomes `(/judge)`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from radimagenet_vqa_tasks.judge.llm.lookalikes import TAGS, plain, smuggled

# What tokenizers and chat templates in use treat as more than text, without its brackets.
_LONG_NAMES = (
    r"judge(?:ment)?|judgment|verdict|think(?:ing)?|thought|im_(?:start|end|sep)|(?:start|end|begin)_?of_?\w{2,20}"
    r"|endof\w{2,20}|(?:start|end)_header_id|e[ou][tm]_id|python_tag|inst|sys|system(?:_prompt)?|assistant|user|human"
    r"|available_tools|tool_(?:calls?|results?|response|content)|control_?\d{1,5}"
)
_SHORT_NAMES = r"s|bos|eos|sos|sop|eop|pad|unk|cls|sep|mask|gmask|bot|eot|eom|eod|args|message|channel"

# Read with spaces, stars, quotes and the like left out, so that `< j*u*d*g*e >` is what it looks like. `<s>` is not:
# two signs of comparison around a letter are no token. Square brackets are, around names that no prose puts in them.
_WITHOUT_NOISE = re.compile(
    rf"<{{1,2}}[/|!]{{0,3}}(?:{_LONG_NAMES})[/|]{{0,3}}>{{1,2}}"
    r"|[<\[{]{1,2}[/|!]{0,3}(?:judge|/?inst|system_prompt|available_tools|tool_(?:calls|results))[/|]{0,3}[>\]}]{1,2}"
    r"|</?(?:judge|think)[^<>]{1,80}>"
    r"|<[/|]*judge(?![a-z])"
)
_NOISE = frozenset(" \t\n*`\\'\"~.-")

_AS_WRITTEN = re.compile(
    rf"</?(?:{_SHORT_NAMES})/?>|\[/?(?:bos|eos|pad|unk|cls|sep|mask|gmask|think)\]"
    # <|im_start|>, <|anything|>; without its end too.
    r"|<\|[^<>|\n]{1,60}\|?>{0,2}"
    # A new turn, but only after some text: "Assistant: knee" may be all that a model says.
    r"|(?<=\n)[ \t]*[#>*_ ]{0,6}(?:system|assistant|user|human|judge|(?:(?<=#)|(?<=# ))(?:instruction|response))"
    r"[*_ ]{0,3}:[*_]{0,3}"
    # The prompt's own frame, and the field of the other mode's reply.
    r"|the\s+standard\s+answer\s*(?:is\s*)?:|the\s+user'?s\s+answer\s*(?:is\s*)?:|[\"']\s*verdict\s*[\"']\s*:"
)

_ESCAPE = re.compile(
    r"&(?:amp;)*(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});?"
    r"|\\u(?:[0-9a-f]{4}|\{[0-9a-f]{1,6}\})|\\x[0-9a-f]{2}|%[0-9a-f]{2}",
    re.I,
)
# Every token has one of these, or looks as if it had.
_SUSPICIOUS = re.compile(r"[<\[{|&\\%:]")
_SMUGGLED = re.compile(f"[{chr(TAGS + ord(' '))}-{chr(TAGS + ord('~'))}]")

Look = Callable[[str], str]


def neutralise(response: str) -> str:
    """`response` with its tokens in round brackets; one without any comes back as it is, byte for byte."""
    if response.isascii() and not _SUSPICIOUS.search(response):
        return response
    while True:  # a token may hold another; each round removes brackets and adds none that a token has
        replaced = _once(response, plain)
        if _SMUGGLED.search(replaced):
            replaced = _once(replaced, smuggled)
        if replaced == response:
            return response
        response = replaced


def _once(text: str, look: Look) -> str:
    return _without(_AS_WRITTEN, _without(_WITHOUT_NOISE, text, look, _NOISE), look, frozenset())


def _without(token: re.Pattern[str], text: str, look: Look, ignored: frozenset[str]) -> str:
    """`text` with each match of `token` replaced, matching what the text looks like without the ignored signs."""
    looks: list[str] = []
    places: list[tuple[int, int]] = []
    for seen, start, end in _units(text, look):
        for sign in seen:
            if sign not in ignored:
                looks.append(sign)
                places.append((start, end))
    pieces, done = [], 0
    for found in token.finditer("".join(looks)):
        start, end = places[found.start()][0], places[found.end() - 1][1]
        # An escape is one unit of several signs: what an earlier match has used up is not there any more.
        if start >= done:
            pieces += [text[done:start], _named(found[0])]
            done = end
    return "".join([*pieces, text[done:]])


def _named(token: str) -> str:
    """A token's bare name in round brackets, which reads as nothing but that."""
    name = re.sub(r"[^a-z0-9_/ ]", "", re.sub(r"\s+", " ", token)).strip()
    return f"({name})"


def _units(text: str, look: Look) -> Iterator[tuple[str, int, int]]:
    """What is seen of each piece of `text`, with the piece's place: single characters, and whole escapes."""
    at = 0
    for escape in _ESCAPE.finditer(text):
        yield from ((look(text[index]), index, index + 1) for index in range(at, escape.start()))
        yield "".join(map(look, _unescaped(escape[0]))), escape.start(), escape.end()
        at = escape.end()
    yield from ((look(text[index]), index, index + 1) for index in range(at, len(text)))


def _unescaped(escape: str) -> str:
    """The character that an entity or a code stands for; what stands for none is returned as it is."""
    if escape.startswith("&"):
        entity = re.sub(r"&(?:amp;)*", "&", escape, flags=re.I)
        return html.unescape(entity if entity.endswith(";") else f"{entity};")
    number = int(escape.lstrip("\\uUxX%").strip("{}"), 16)
    return chr(number) if number < 0x110000 else escape

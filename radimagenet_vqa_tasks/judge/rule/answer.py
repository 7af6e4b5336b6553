"""The part of a response that it offers as its answer: behind its thinking, and what it marks as the answer."""

from __future__ import annotations

import re

from radimagenet_vqa_tasks.reading.thinking import Split, split

_ANSWER_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_LETTERS = "ABCDEFGH"
_OPTION = re.compile(r"(?:^|(?<=[\s,]))\(?([A-H])[.)] ", re.MULTILINE)
_LINE_END = re.compile(r"[.\n]")
_BOXED = re.compile(r"\\f?boxed[ ]?\{|[{}]")
_FINAL = re.compile(
    r"\bfinal (?:answer|diagnosis)\W{0,6}(?:is\b|:)|\b(?:the|my|correct) answer\W{0,6}(?:is\b|:)|^\W*answer\W{0,6}:",
    re.IGNORECASE | re.MULTILINE,
)


def offered(response: str) -> Split:
    """The response without its thinking and without options that it copies.

    Where answer tags or boxes hold something, the rest of the answer does not count. Several of them all count. Failing
    those, what follows the first "final answer:" counts, and failing that all.
    """
    parts = split(response)
    if "\n" in parts.answer or "A) " in parts.answer or "A. " in parts.answer:
        parts = Split(_without_options(parts.answer), parts.thinking, parts.finished)
    for signs, inside in _MARKS:
        marked = inside(parts.answer) if signs.search(parts.answer) else ""
        if any(char.isalnum() for char in marked):
            return Split(marked, parts.thinking, parts.finished)
    return parts


def _without_options(text: str) -> str:
    """The text without a list of lettered options that it copies; a last line that begins with a letter chooses."""
    options = list(_OPTION.finditer(text))
    run = next((n for n, option in enumerate(options) if option[1] != _LETTERS[n % len(_LETTERS)]), len(options))
    if run > 1:
        end = _LINE_END.search(text, options[run - 1].end())
        text = f"{text[: options[0].start()]}\n{text[end.end() :] if end else ''}"
    before, _, line = text.rstrip().rpartition("\n")
    chosen = _OPTION.match(line) if before.strip() else None
    return line[chosen.end() :] if chosen else text


def _inside_tags(text: str) -> str:
    kept: list[str] = []
    start: int | None = None
    for tag in _ANSWER_TAG.finditer(text):
        if not tag[1]:
            start = tag.end()
        elif start is not None:
            kept.append(text[start : tag.start()])
            start = None
    if start is not None:
        kept.append(text[start:])
    return "\n".join(kept)


def _inside_boxes(text: str) -> str:
    kept: list[str] = []
    depth = start = 0
    for brace in _BOXED.finditer(text):
        if depth == 0:
            if len(brace[0]) > 1:
                depth, start = 1, brace.end()
        elif brace[0] != "}":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                kept.append(text[start : brace.start()])
    if depth:
        kept.append(text[start:])
    return "\n".join(kept)


def _after_final(text: str) -> str:
    marker = _FINAL.search(text)
    return text[marker.end() :] if marker else ""


_MARKS = (
    (re.compile("<answer>", re.IGNORECASE), _inside_tags),
    (re.compile(r"boxed[ ]?\{"), _inside_boxes),
    (re.compile("answer|diagnosis", re.IGNORECASE), _after_final),
)

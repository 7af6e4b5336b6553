"""Lists of options that a reply copies from its prompt: what is chosen stands before or after them.

All of it works on text in which each option's own text has been replaced by a mark (option.py), line by line.
"""

from __future__ import annotations

import re
from itertools import pairwise

MARK = r"[\ue000-\ue0ff]"
LONGEST_LINE = 400
_LABEL = r"[^\w\ue000-\ue0ff\n]{0,6}(?:[Oo]ption )?\(?(?P<letter>[A-Za-z])[.):\]][^\w\n\ue000-\ue0ff]{0,4}"
_COPIED = re.compile(rf"{_LABEL}(?P<mark>{MARK})\W{{0,3}}")
_CUT = re.compile(rf"{_LABEL}.*|[^\w\n]{{0,3}}(?P<alone>[A-Z])")
_DISCUSSED = re.compile(
    rf"(?:{_LABEL}|[^\w\n\ue000-\ue0ff]{{0,6}}(?=.[^\w\n]{{0,3}}:)){MARK}[^\w\n\ue000-\ue0ff]{{0,4}}(?=\w)"
)


def without_copies(text: str, count: int) -> str:
    """`text` without each full list of `count` options, the last one possibly cut off."""
    lines = text.split("\n")
    blocks = list(_blocks(lines, count))
    if not any(is_list for is_list, _ in blocks):
        return text
    blocks = _without_started(blocks)
    return "\n".join(line for is_list, block in blocks if not is_list for line in block)


def without_discussion(text: str) -> str:
    """`text` without lines that discuss one option after the other, where there are several such lines."""
    lines = text.split("\n")
    kept = [line for line in lines if not _DISCUSSED.match(line)]
    return "\n".join(kept) if len(lines) - len(kept) > 1 else text


Block = tuple[bool, list[str]]


def _blocks(lines: list[str], count: int) -> list[Block]:
    """The lines in turns of lists and of anything else."""
    blocks: list[Block] = []
    place = 0
    while place < len(lines):
        length = _list_length(lines, place, count)
        if length:
            blocks.append((True, lines[place : place + length]))
        elif blocks and not blocks[-1][0]:
            blocks[-1][1].append(lines[place])
        else:
            blocks.append((False, [lines[place]]))
        place += length or 1
    return blocks


def _list_length(lines: list[str], start: int, count: int) -> int:
    """How many lines from `start` on are a copied list: all options in order, or as many as the reply's end left."""
    place = start
    while place < len(lines) and place - start < count:
        line = _COPIED.fullmatch(lines[place][:LONGEST_LINE])
        if line is None or line["letter"].upper() != chr(ord("A") + place - start):
            break
        place += 1
    length = place - start
    if length >= 2 and place == len(lines) - 1 and length < count:
        cut = _CUT.fullmatch(lines[place][:LONGEST_LINE])
        length += cut is not None and (cut["letter"] or cut["alone"]) == chr(ord("A") + length)
    at_end = start + length == len(lines)
    return length if length >= 2 and (length == count or at_end) else 0


def _without_started(blocks: list[Block]) -> list[Block]:
    """The blocks without a last line that starts one more list, in a reply that goes round in circles."""
    is_list, last = blocks[-1]
    line = _CUT.fullmatch(last[-1][:LONGEST_LINE])
    if is_list or line is None or (line["letter"] or line["alone"]) != "A":
        return blocks
    ahead = last[:-1]
    circles = any(
        next_is_list and (before[-len(ahead) :] == ahead and not was_list if ahead else was_list)
        for (was_list, before), (next_is_list, _) in pairwise(blocks[:-1])
    )
    return [*blocks[:-1], (False, ahead)] if circles else blocks

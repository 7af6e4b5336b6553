"""Lists of texts that a data set holds as one text, as JSON or in Python's notation: parsed, never evaluated."""

from __future__ import annotations

import ast
import json

LONGEST_LIST = 20_000  # characters


def parse_list(written: str | None) -> list[str | None]:
    """The list, whose items are texts or nothing. Raises ValueError, saying what is wrong with it."""
    if not written or len(written) > LONGEST_LIST:
        raise ValueError("is empty" if not written else f"is longer than {LONGEST_LIST:,} characters")
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(written)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(found, list) and all(one is None or isinstance(one, str) for one in found):
            return found
    raise ValueError(f"{written[:60]!r} is no list of texts")


def parse_texts(written: str | None) -> list[str]:
    """The list, none of whose items is empty. Raises ValueError, saying what is wrong with it."""
    every = parse_list(written)
    found = [one for one in every if one and one.strip()]
    if not found or len(found) < len(every):
        raise ValueError(f"{(written or '')[:60]!r} holds an empty text, or none")
    return found

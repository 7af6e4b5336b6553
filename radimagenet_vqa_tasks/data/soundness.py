"""What every question must be, whatever benchmark it is of: the last look before it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Question


def question_fault(asked: Question) -> str | None:
    """What is wrong with a question, in words; None where it can be asked and its answer can be given."""
    broken = next((name for name, text in _texts(asked) if not _can_be_written(text)), None)
    if broken:
        return f"half of a character (a lone surrogate) is in its {broken}, which no text can hold"
    if not asked.question.strip():
        return "the question is empty"
    return _options_fault(asked) if asked.format == "mc" else None


def _options_fault(asked: Question) -> str | None:
    choices = [choice.strip() for choice in asked.choices]
    if not 2 <= len(choices) <= len(LETTERS):
        return f"it has {len(choices)} options; there are letters for 2 to {len(LETTERS)}"
    if not all(choices):
        return f"option {LETTERS[choices.index('')]} is empty"
    letters = LETTERS[: len(choices)]
    if asked.target not in tuple(letters):
        return f"the answer {asked.target!r:.60} is not one of the letters {', '.join(letters)}"
    right = choices[letters.index(asked.target)]
    same = [letter for letter, choice in zip(letters, choices, strict=True) if choice == right]
    if len(same) > 1:
        return f"options {' and '.join(same)} are the same ({right!r:.60}), and one of them is the right answer"
    return None


def _texts(asked: Question) -> Iterator[tuple[str, str]]:
    for name in ("question", "target", "key", "cluster"):
        yield name, getattr(asked, name)
    for name, texts in (("options", asked.choices), ("image names", asked.files)):
        yield from ((name, text) for text in texts)
    yield from ((name, value) for name, value in asked.facets.items() if isinstance(value, str))


def _can_be_written(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""The scoring rules of the RadImageNet-VQA paper's own tool (appendix A.3, Table 6), faults included.

Use these only for `accuracy_paper`: they exist so that the published tables can be reproduced and so that a
difference can be laid at the parser's door or the model's. Nothing here is ever unparsed; what the rules do
to an honest reply ("Yes, it is abnormal" is wrong, because "abnormal" holds "no") is left as the paper had it.
All of them want the reply as the model gave it: the tool does not take thinking out.
Reimplemented from the observed behaviour of that tool; docs/protocols.md has one example a rule.
"""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# The paper lets a model write 8,192 tokens, some 40,000 characters. Up to this length the comparison with the
# options is the standard library's, value for value; of a longer reply only this much is compared, because
# SequenceMatcher's time grows faster than the reply. That is the one departure from the tool.
LONGEST_COMPARED = 100_000

# Looked for in this order, each in what the one before it has left.
_MARKERS = (
    "**answer**:",
    "**answer**",
    "*answer*:",
    "**answer:**",
    "answer is",
    "answer:",
    "答案:",
    "final answer",
)
_SELECTED = re.compile(r"\s*\(?([A-Za-z])\)?\s*(?:[:.)].*)?", re.DOTALL)
_BOX = "\\boxed{"
_NO_BOX = "None"


def paper_option(response: str, choices: Sequence[str], *, bare: bool = False) -> frozenset[str]:
    """The capital letters that the tool credits for a multiple-choice reply: the reply is right if the answer is one.

    A first paragraph that is a letter, or a last one that is a letter up to its first full stop, is the answer. Else
    the cleaned reply, up to its first full stop and after its last colon, may be an option's letter or its exact text.
    Else it is the option most similar to the whole cleaned reply, the first one on ties, so that an empty reply is A.

    Args:
        response: the model's reply, thinking included.
        choices: the options' texts, without their letters.
        bare: compare with the texts alone. Of the tool's data sets 11 in 16 hand it the options as the prompt prints
            them, "A. text", and so does the paper's format; that is the default. It decides how like an option
            "(B)" is, and whether an option's text alone is its exact text.

    Returns:
        One letter; with `bare`, one for each of the options whose text is the named one.

    Raises:
        ValueError: `choices` is empty, so there is no letter to give.
    """
    if not choices:
        raise ValueError("paper_option needs at least one choice; give it the question's list of choices")
    letters = [chr(ord("A") + index) for index in range(len(choices))]
    texts = [text if bare else f"{letter}. {text}" for letter, text in zip(letters, choices, strict=True)]
    return _credited(response, dict(zip((letter.lower() for letter in letters), texts, strict=True)))


def paper_yes_no(response: str) -> frozenset[str]:
    """Which of "yes" and "no" the tool credits for a reply to a closed question: one of them, or none.

    Without line breaks and full stops, exactly one of the two must occur in the cleaned reply. They are looked for
    inside words: "normal" and "not sure" hold a "no".
    """
    text = _without_breaks(paper_clean(response)).replace(".", "")
    found = frozenset(word for word in ("yes", "no") if word in text)
    return found if len(found) == 1 else frozenset()


def paper_phrase(response: str, target: str) -> bool:
    """Whether the tool counts a reply as right where the answer is a word or phrase.

    Without line breaks and full stops, the cleaned reply must be the target, but for case. Blanks count: what follows
    "the answer is" begins with one, and is wrong. All closed questions of SLAKE are scored like this, yes and no
    included, because the tool looks for "yes" and "no" among answers that have capitals.
    """
    return _without_breaks(paper_clean(response)).replace(".", "") == target.lower()


def paper_selected(response: str) -> str | None:
    """The option that CT-Bench's runner keeps of a reply; None where it keeps none, which is never right.

    But for a fence the reply must be the JSON object that was asked for, and nothing else; other replies are kept
    without an option, and questions without a reply are not kept at all. How the kept option is compared has not been
    published: a letter counts, alone or before a sign and the option's text.
    """
    text = response.strip().lstrip("`json").rstrip("`").strip()
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    selected = answer.get("selected_option") if isinstance(answer, dict) else None
    found = _SELECTED.fullmatch(selected) if isinstance(selected, str) else None
    return found[1].upper() if found else None


def paper_verdict(judge_reply: str) -> bool:
    """Whether the tool counts an open answer as correct: the judge's verdict is 0 for correct, 1 for incorrect.

    The verdict is the text of all judge elements, or the whole reply where they hold none. Anything but 0, doubled
    zeros included, silently counts as wrong.
    """
    return _elements(judge_reply, "judge") == "0"


def judged_content(response: str) -> str:
    """The part of a reply that the tool shows to its judge: the last box, else the answer elements, else all of it.

    Of VQA-RAD the tool shows it in small letters and trimmed; `judge.llm.answer.asked_about` does the same.
    """
    if "boxed" in response:
        return _boxed(response)
    return _elements(response, "answer") if "<answer>" in response else response


def paper_clean(response: str) -> str:
    """The part of a reply that the tool scores: its box or answer elements, in lower case, after the last marker.

    A reply that says "boxed" but has no box that can be read is "None", with a capital: no rule for yes and no sees a
    "no" in it.
    """
    content = judged_content(response.lower())
    for marker in _MARKERS:
        content = content.rpartition(marker)[2]
    return content


def _credited(response: str, texts: dict[str, str]) -> frozenset[str]:
    """The capital letters credited, where `texts` are the options compared with, by small letter."""
    reply = _without_breaks(paper_clean(_lone_letter(response.lower(), texts) or response).strip().lower())
    named = reply.partition(".")[0].rpartition(":")[2]
    if named in texts:
        return frozenset(named.upper())
    exact = [letter.upper() for letter, text in texts.items() if text.lower() == named]
    return frozenset(exact or _most_similar(reply, texts).upper())


def _lone_letter(text: str, letters: dict[str, str]) -> str | None:
    """The letter that the first paragraph is, or else that the last one is up to its first full stop."""
    paragraphs = text.split("\n\n")
    candidates = paragraphs[0], paragraphs[-1].partition(".")[0]
    return next((candidate for candidate in candidates if candidate in letters), None)


def _most_similar(reply: str, texts: dict[str, str]) -> str:
    """The small letter of the option with the highest difflib ratio to the reply, the first on ties."""
    # The reply is the matcher's second sequence: difflib indexes that one once for all options, and from 200
    # characters on it leaves the reply's frequent characters out (autojunk), as it did for the paper.
    matcher = SequenceMatcher(None, "", reply[:LONGEST_COMPARED])
    best, highest = next(iter(texts)), 0.0
    for letter, text in texts.items():
        matcher.set_seq1(text.lower())
        # Both are upper bounds of ratio(): an option that cannot win is not compared, which changes no result.
        if matcher.real_quick_ratio() <= highest or matcher.quick_ratio() <= highest:
            continue
        ratio = matcher.ratio()
        if ratio > highest:
            best, highest = letter, ratio
    return best


def _boxed(text: str) -> str:
    """The trimmed content of the last box, "None" where there is none or its braces do not close."""
    start = text.rfind(_BOX)
    if start < 0:
        return _NO_BOX
    start += len(_BOX)
    end = _closing(text, start)
    return _NO_BOX if end is None else text[start:end].strip()


def _closing(text: str, start: int) -> int | None:
    """Where the brace opened just before `start` closes."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return None


def _elements(text: str, tag: str) -> str:
    """The contents of all elements of this name, joined by blanks and trimmed; the whole text where that is empty."""
    return " ".join(_contents(text, f"<{tag}>", f"</{tag}>")).strip() or text


def _contents(text: str, opening: str, closing: str) -> Iterator[str]:
    """What stands between each opening and the next closing. Linear: an opening that nothing closes ends it."""
    position = 0
    while (start := text.find(opening, position)) >= 0:
        start += len(opening)
        position = text.find(closing, start)
        if position < 0:
            return
        yield text[start:position]
        position += len(closing)


def _without_breaks(text: str) -> str:
    return text.replace("\n", "")

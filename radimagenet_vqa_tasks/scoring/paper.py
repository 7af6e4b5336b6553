"""The scoring rules of the RadImageNet-VQA paper's own tool (appendix A.3, Table 6), faults included.

Use these only for `accuracy_paper`: they exist so that the published tables can be reproduced and so that a
difference can be laid at the parser's door or the model's. Nothing here is ever unparsed; what the rules do
to an honest reply ("Yes, it is abnormal" is wrong, because "abnormal" holds "no") is left as the paper had it.
Reimplemented from the observed behaviour of that tool.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

# The paper lets a model write 8,192 tokens, some 40,000 characters. Up to this length the comparison with the
# options is the standard library's, value for value; of a longer reply only this much is compared, because
# SequenceMatcher's time grows faster than the reply. That is the one departure from the tool.
LONGEST_COMPARED = 100_000

# What follows the last of these is the reply. Of two that overlap ("final answer is"), the one that ends last.
_MARKERS = ("answer is", "answer:", "**answer**:", "final answer")
_BRACE = re.compile(r"(\\boxed\s*)?\{|\}")


def paper_clean(response: str) -> str:
    """The part of a reply that the paper's tool scores, in lower case.

    The content of the first closed LaTeX boxed{} if there is one, otherwise that of the first <answer> element,
    otherwise the reply; of that, what follows the last marker such as "answer is".
    """
    text = response.lower()
    content = _boxed(text)
    if content is None:
        content = _between(text, "<answer>", "</answer>")
    if content is None:
        content = text
    ends = (content.rfind(marker) + len(marker) for marker in _MARKERS if marker in content)
    return content[max(ends, default=0) :]


def paper_closed(response: str, target: str) -> bool:
    """Whether the tool counts a reply to a yes/no question as right.

    Exactly one of the substrings "yes" and "no" must occur, and be the target. They are looked for inside
    words: "normal" and "not sure" hold a "no".
    """
    text = paper_clean(response).replace("\n", "").replace(".", "")
    found = [word for word in ("yes", "no") if word in text]
    return found == [target.strip().lower()]


def paper_phrase(response: str, target: str) -> bool:
    """Whether the tool counts a reply as right where the answer is a word or phrase.

    Without line breaks and full stops, the cleaned reply must be the target, but for case. Blanks count: what follows
    "the answer is" begins with one, and is wrong. All closed questions of SLAKE are scored like this, yes and no
    included, because the tool looks for "yes" and "no" among answers that have capitals.
    """
    return paper_clean(response).replace("\n", "").replace(".", "") == target.lower()


def paper_option(response: str, choices: Sequence[str]) -> str:
    """The capital letter that the tool reads from a multiple-choice reply; there is always one.

    The text before the first "." and after the last ":" may be an option's letter or its exact text; otherwise
    the option most similar to the whole reply is taken, the first one on ties, so that an empty reply is A.

    Raises:
        ValueError: `choices` is empty, so there is no letter to give.
    """
    if not choices:
        raise ValueError("paper_option needs at least one choice; give it the question's list of choices")
    reply = paper_clean(response).strip()
    texts = [choice.strip().lower() for choice in choices]
    named = reply.split(".", 1)[0].rsplit(":", 1)[-1].strip()
    letters = [chr(ord("a") + index) for index in range(len(texts))]
    if named in letters:
        return named.upper()
    if named and named in texts:
        return letters[texts.index(named)].upper()
    return letters[_most_similar(reply, texts)].upper()


def paper_verdict(judge_reply: str) -> bool:
    """Whether the paper's judge called an open answer correct: its verdict is 0 for correct, 1 for incorrect.

    Missing or doubled tags, or anything else between them, silently count as wrong.
    """
    if judge_reply.count("<judge>") != 1 or judge_reply.count("</judge>") != 1:
        return False
    verdict = _between(judge_reply, "<judge>", "</judge>")
    return verdict is not None and verdict.strip() == "0"


def _between(text: str, opening: str, closing: str) -> str | None:
    """What stands between the first `opening` and the next `closing`, None where either is missing."""
    _, found, rest = text.partition(opening)
    content, closed, _ = rest.partition(closing)
    return content if found and closed else None


def _boxed(text: str) -> str | None:
    """The content of the first boxed{} whose braces close, found in one pass over all braces."""
    opened: list[int | None] = []
    first: tuple[int, int] | None = None
    for brace in _BRACE.finditer(text):
        if brace[0] != "}":
            opened.append(brace.end() if brace[1] else None)
        elif opened:
            start = opened.pop()
            if start is not None and (first is None or start < first[0]):
                first = (start, brace.start())
    return text[first[0] : first[1]] if first else None


def _most_similar(reply: str, texts: Sequence[str]) -> int:
    """The index of the option with the highest difflib ratio to the reply, the first on ties."""
    # The reply is the matcher's second sequence: difflib indexes that one once for all options, and from 200
    # characters on it leaves the reply's frequent characters out (autojunk), as it did for the paper.
    matcher = SequenceMatcher(None, "", reply[:LONGEST_COMPARED])
    best, highest = 0, 0.0
    for index, text in enumerate(texts):
        matcher.set_seq1(text)
        # Both are upper bounds of ratio(): an option that cannot win is not compared, which changes no result.
        if matcher.real_quick_ratio() <= highest or matcher.quick_ratio() <= highest:
            continue
        ratio = matcher.ratio()
        if ratio > highest:
            best, highest = index, ratio
    return best

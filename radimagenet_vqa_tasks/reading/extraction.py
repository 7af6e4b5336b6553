"""What a model's reply answers, read strictly: what it says counts, and what it does not say is None.

A reply to a multiple-choice or yes/no question is read in steps, the same for both (reply.py), and the first step that
finds anything decides:
1. Thinking (<think>...</think>) is dropped, and so are Markdown, LaTeX, HTML and full-width letters. Of thinking
   that never ends only what is marked as final counts: \\boxed{}, <answer>, "final answer", or an "answer is ..."
   with which the reply ends.
2. What stands after the last change of mind ("wait", "actually") is read before what stands ahead of it.
3. Explicit statements, the last one first: \\boxed{}, <answer>, "the answer is", "Answer:", "I choose", "so B",
   "B is correct".
4. The opening: "B. liver lesion ...", "Yes, ...".
5. Plain statements: the only option that is named, "there is no evidence of edema".
Two options left open, a refusal, a hedge or a contradiction are None. No string raises; the time grows with the
length of the reply, not faster.
"""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.reading.option import read_option
from radimagenet_vqa_tasks.reading.phrase import read_phrase
from radimagenet_vqa_tasks.reading.yes_no import read_yes_no


def extract_option(response: str, choices: Sequence[str]) -> str | None:
    """The capital letter of the one option that a response chooses, None where it chooses none or several.

    - A letter counts in every usual dress; the article "A" and the pronoun "I" never do.
    - An option's text counts if no other option is named; the longest text wins, and case, hyphens, underscores
      and spacing are ignored.
    - Negated options ("not B", "A is incorrect") are not named at all.
    - A letter beside the text of another option ("B. knee" where B is the hip) contradicts itself: None.
    - Two choices with the same text are told apart by letter only.

    Args:
        response: what the model wrote.
        choices: the texts of 2 to 26 options, without their letters or with them.
    """
    return read_option(response, choices)


def extract_yes_no(response: str, *, bare_normal: bool = False) -> str | None:
    """ "yes" or "no", whichever a response says; None where it says neither, both, or hedges.

    - "Yes" or "no" as a word of its own, where a sentence or a statement opens, counts before anything else.
    - Failing that, plain statements count: "there is ...", "... is present" or "seen" say yes, "no ...", "... is
      absent" or "not seen" say no; both together are None, and so is a hedge ("may", "cannot be excluded").
    - Of a reply of more than three sentences, only the conclusion or an opening "No ..." counts as such a statement.

    Args:
        response: what the model wrote.
        bare_normal: the question is whether the image is abnormal, so that "normal" says no and "abnormal" yes,
            and "Yes, it is normal" contradicts itself.
    """
    return read_yes_no(response, bare_normal)


def extract_phrase(response: str, target: str, question: str) -> str | None:
    """`target` where a response gives it as its one answer, another text where it gives that, None where it gives none.

    The rules stand in reply_phrase.py.

    Args:
        response: what the model wrote.
        target: the right word or phrase.
        question: may offer alternatives ("liver or spleen?"), of which a response may name only the right one.
    """
    return read_phrase(response, target, question)

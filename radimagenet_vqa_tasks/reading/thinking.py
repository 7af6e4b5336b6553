"""What of a reply is thinking, and what is answer: decided here for every reader and judge.

What follows the last thinking is the answer; what stands ahead of it is one only where nothing follows ("B. <think>I
should check.</think>"). A closing tag without its opening one, which the chat template may have written, makes all
before it thinking. Thinking that never closes leaves the reply unfinished, unless an answer opens in it. Tags may be
nested. One pass over the tags: linear time, and no text raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple


class _Tags(NamedTuple):
    """How one family of models marks its thinking: four patterns, "" where it has no such mark."""

    opens: str
    closes: str
    answers: str = ""  # opens the answer, and so ends all thinking
    ends: str = ""  # ends whatever is open, thinking or not


_THINK = r"(?:think|thinking|thoughts?|reason|reasoning|analysis|reflection|scratchpad)"
_NAME = rf"(?:[a-z]{{1,20}}[:_])?{_THINK}(?:_process)?"
_FAMILIES = (
    # <think>, <thinking>, <thought>, <reasoning>, <seed:think>, <longcat_think>, <|think|>; ERNIE and LLaVA-CoT mark
    # their answers too.
    _Tags(rf"<\|?{_NAME} ?\|?>", rf"<\|?/{_NAME} ?\|?>", r"<\|?(?:answer|response|conclusion)\|?>"),
    _Tags(r"\[think\]", r"\[/think\]"),  # Mistral
    _Tags("◁think▷", "◁/think▷"),  # Kimi-VL
    _Tags("<unused94>", "<unused95>"),  # MedGemma
    _Tags(r"<\|channel>thought\b", r"<channel\|>"),  # Gemma 4
    # Harmony, and what is left of it where a tokenizer drops the special tokens.
    _Tags(
        r"<\|channel\|>(?:analysis|commentary)\b[^<\n]{0,60}<\|message\|>",
        "",
        r"<\|channel\|>final\b[^<\n]{0,60}<\|message\|>",
        r"<\|end\|>",
    ),
    _Tags(r"\Aanalysis(?-i:(?=[A-Z]))", "", r"assistantfinal"),
    # OpenThoughts, Cohere
    _Tags(
        rf"<\|(?:begin_of|start)_{_THINK}\|>",
        rf"<\|end(?:_of)?_{_THINK}\|>",
        r"<\|(?:begin_of_solution|start_response)\|>",
    ),
    _Tags(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    _Tags(r"\Ahere(?:'s| is) my thought process:", "", r"\bhere(?:'s| is) my response:"),  # Granite
)
_TAG = re.compile(
    "|".join(
        f"(?P<{kind}>{'|'.join(filter(None, (getattr(tags, kind) for tags in _FAMILIES)))})" for kind in _Tags._fields
    ),
    re.IGNORECASE,
)
# Without any of these there is no tag, which most replies are told by.
_SIGNS = ("<", "[", "◁", "assistantfinal")
_OPENINGS = ("analysis", "here's my", "here is my")


@dataclass(frozen=True)
class Split:
    """A reply in its two parts.

    Attributes:
        answer: what the model offers as its answer, stripped; "" where there is none.
        thinking: all the rest, without the tags.
        finished: False where the reply ends in the middle of its thinking.
    """

    answer: str
    thinking: str
    finished: bool


def split(response: str) -> Split:
    """The answer of a response, and its thinking.

    >>> split("<think>The marrow is dark.</think>Yes")
    Split(answer='Yes', thinking='The marrow is dark.', finished=True)
    """
    response = response.strip()
    if not any(map(response.__contains__, _SIGNS)) and not response[:20].lower().startswith(_OPENINGS):
        return Split(response, "", finished=True)
    offered: list[str] = []
    thoughts: list[str] = []
    thinking, start = False, 0
    for tag in _TAG.finditer(response):
        # Readers see by an answer tag what the model marked, so that outside thinking it stays.
        kept = tag[0].lower() == "<answer>"
        if kept and not thinking:
            continue
        (thoughts if thinking else offered).append(response[start : tag.start()])
        start = tag.start() if kept else tag.end()
        if tag.lastgroup == "closes" and not thinking:
            thoughts += offered  # nobody opened this: all so far was thinking
            offered.clear()
        thinking = tag.lastgroup == "opens"
    (thoughts if thinking else offered).append(response[start:])
    texts = [text for text in map(str.strip, offered) if text]
    answer = texts.pop() if texts else ""
    return Split(answer, "\n".join(filter(None, map(str.strip, [*texts, *thoughts]))), not thinking)

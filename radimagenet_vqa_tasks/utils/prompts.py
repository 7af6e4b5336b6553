"""What a model is shown: the image (or nothing), then one text.

The instructions before and after the question are `pre_prompt` and `post_prompt` of the task files'
`lmms_eval_specific_kwargs`, so that users of the host override them for a model as they do for any task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from radimagenet_vqa_tasks.utils.images import decode

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def doc_to_text(doc: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, Any] | None = None) -> str:
    """The prompt of one question."""
    affixes = lmms_eval_specific_kwargs or {}
    return f"{affixes.get('pre_prompt', '')}{_body(doc)}{affixes.get('post_prompt', '')}"


def doc_to_visual(doc: Mapping[str, Any]) -> list[Image.Image]:
    """The question's image, decoded to 8-bit RGB. Raises DataError where it cannot be."""
    return [decode(doc["image"], doc["key"])]


def doc_to_no_visual(doc: Mapping[str, Any]) -> list[Image.Image]:
    """Nothing to look at. An empty list, not None: the host's chat backends treat the two differently."""
    return []


def _body(doc: Mapping[str, Any]) -> str:
    if doc["format"] != "mc":
        return str(doc["question"])
    return f"{doc['question']}\nOptions:\n{lettered(doc['choices'])}"


def lettered(choices: Sequence[str]) -> str:
    """One option a line, as "A. text"."""
    return "\n".join(f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False))

"""What the judge is asked: the prompt of the paper's Figure 8 (arXiv 2512.17396), frozen beside this module.

`figure8.txt` is the text as printed, with the lines joined that only the figure's width had broken. `tool.txt` is what
the paper's tool has in its code, which differs from the print in its layout. `schema.txt` is the same question for
endpoints that can be held to a JSON schema. Each makes another judge. Changing a text makes verdicts incomparable: it
moves N of the task version.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from radimagenet_vqa_tasks.judge.llm.neutralise import neutralise

Mode = Literal["figure8", "tool", "schema"]
MODES: tuple[Mode, ...] = get_args(Mode)

VERDICT_SCHEMA: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"think": {"type": "string"}, "verdict": {"type": "integer", "enum": [0, 1]}},
            "required": ["think", "verdict"],
            "additionalProperties": False,
        },
    },
}


@cache
def template(mode: Mode) -> str:
    """The frozen text of a mode, with its three places {question}, {answer} and {response}."""
    return files(__package__).joinpath(f"{mode}.txt").read_text(encoding="utf-8").removesuffix("\n")


def prompt(question: str, answer: str, response: str, mode: Mode = "figure8") -> str:
    """The one user message about one response; any three strings make a sendable message.

    All three are neutralised: a data set is as little trusted as a model.
    """
    parts = {"question": question, "answer": answer, "response": response}
    filling = {name: neutralise(text) for name, text in parts.items()}
    # One pass: what is filled in is never read as a place to fill in. A lone surrogate could not be sent as UTF-8.
    text = re.sub(r"\{(question|answer|response)\}", lambda place: filling[place[1]], template(mode))
    return text.encode("utf-8", "backslashreplace").decode()

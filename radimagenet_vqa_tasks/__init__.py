"""lmms-eval tasks that measure how well vision-language models read CT and MRI.

What other programs may import stands here. Each name is loaded when it is first asked for, and none of them takes
torch, transformers or the host with it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radimagenet_vqa_tasks.analysis.runs import load_run as load_run
    from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule as judge_by_rule
    from radimagenet_vqa_tasks.reading.option import read_option as read_option
    from radimagenet_vqa_tasks.reading.phrase import read_phrase as read_phrase
    from radimagenet_vqa_tasks.reading.read import declines as declines
    from radimagenet_vqa_tasks.reading.yes_no import read_yes_no as read_yes_no
    from radimagenet_vqa_tasks.scoring.paper import paper_option as paper_option
    from radimagenet_vqa_tasks.scoring.paper import paper_yes_no as paper_yes_no

__version__ = "0.1.0"

_HOME = {
    "declines": "reading.read",
    "judge_by_rule": "judge.rule.judge",
    "load_run": "analysis.runs",
    "paper_option": "scoring.paper",
    "paper_yes_no": "scoring.paper",
    "read_option": "reading.option",
    "read_phrase": "reading.phrase",
    "read_yes_no": "reading.yes_no",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

"""The reviewed cases of the paper's rules, and the table of them that docs/protocols.md holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from radimagenet_vqa_tasks.scoring.paper import (
    judged_content,
    paper_option,
    paper_phrase,
    paper_verdict,
    paper_yes_no,
)

_DATA = yaml.safe_load((Path(__file__).parent / "cases" / "paper_rules.yaml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = _DATA["rules"]
CHOICES: list[str] = _DATA["choices"]

_FORMATS = {
    "closed": "closed",
    "mc": "multiple choice",
    "phrase": "phrase",
    "verdict": "open: the judge's reply",
    "open": "open: the judge's question",
}


def scored(rule: dict[str, Any], reply: str) -> str | bool:
    """What our rules make of a reply, in the words of the case file."""
    if rule["format"] == "closed":
        return "".join(paper_yes_no(reply))
    if rule["format"] == "mc":
        return "".join(paper_option(reply, rule.get("choices", CHOICES)))
    if rule["format"] == "phrase":
        return paper_phrase(reply, "Liver")
    return paper_verdict(reply) if rule["format"] == "verdict" else judged_content(reply)


def table() -> str:
    """The table of docs/protocols.md: each rule with its first case."""
    lines = ["| format | rule | for instance | gives |", "| --- | --- | --- | --- |"]
    for rule in RULES:
        reply, expected = rule["cases"][0]
        shown = f"`{json.dumps(reply, ensure_ascii=False)}`"
        if "choices" in rule:
            shown += " of " + ", ".join(rule["choices"])
        lines.append(f"| {_FORMATS[rule['format']]} | {rule['rule']} | {shown} | {_result(rule['format'], expected)} |")
    return "\n".join(lines)


def _result(form: str, expected: str | bool) -> str:
    if isinstance(expected, bool):
        return "right" if expected else "wrong"
    if form == "closed":
        return expected or "always wrong"
    return expected if form == "mc" else f"`{json.dumps(expected)}`"

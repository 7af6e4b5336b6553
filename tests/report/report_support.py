"""Made-up runs with texts, and the payload of a written page."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.scoring.record import Record, as_dict

STAMP = "20260101_120000"

Line = dict[str, Any]


def line(record: Record | Mapping[str, Any], response: Any = "knee", **fields: Any) -> Line:
    """A line of a sample log, as the host writes it; `response` is what the record holds, if it is a text."""
    found = as_dict(record) if isinstance(record, Record) else dict(record)
    return {
        "doc_id": 0,
        "filtered_resps": response,
        "input": f"{found['question']} Answer.",
        "record": found | {"response": response if isinstance(response, str) else None},
    } | fields


def write_run(folder: Path, lines: Iterable[Line], model: str = "publisher/model", prefix: str = "radvqa_") -> Path:
    """A run's folder, one log a task; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    logs: dict[str, list[Line]] = {}
    for one in lines:
        record = one["record"]
        task = f"{prefix}{record['cell']}{'' if record.get('arm', 'image') == 'image' else '_textonly'}"
        logs.setdefault(task, []).append(one)
    for task, found in logs.items():
        write_log(folder, found, task)
    counted = {task: {"original": len(found)} for task, found in logs.items()}
    results = {"config": {"model": "backend", "model_args": model}, "model_name": model, "n-samples": counted}
    (folder / f"{STAMP}_results.json").write_text(json.dumps(results), encoding="utf-8")
    return folder


def write_log(folder: Path, lines: Iterable[Line], task: str = "radvqa_anatomy_open") -> None:
    """One log of these lines, whatever they hold."""
    text = "".join(json.dumps(one) + "\n" for one in lines)
    (folder / f"{STAMP}_samples_{task}.jsonl").write_text(text, encoding="utf-8")


def payload_of(page: Path) -> dict[str, Any]:
    """The questions in a page."""
    found = re.search(r'id="data">([^<]*)<', page.read_text(encoding="utf-8"))
    assert found
    payload: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return payload

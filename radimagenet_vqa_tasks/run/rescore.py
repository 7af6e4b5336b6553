"""`radvqa score RUN`: the responses of a finished run, read again by the present rules, without model or data.

The new records come beside the old ones, as a later run of the same model. What a judge said of an open answer is kept:
the words that it judged have not changed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from radimagenet_vqa_tasks.analysis.runs import Run, read_runs, results_beside
from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.judge.llm.answer import answer_of
from radimagenet_vqa_tasks.judge.llm.prompt import Mode
from radimagenet_vqa_tasks.judge.logs import verdict_of
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.run.folder import write_run
from radimagenet_vqa_tasks.scoring.logs import log_name, parse
from radimagenet_vqa_tasks.scoring.outcomes import (
    RULE,
    TASK_VERSION,
    Scored,
    as_results,
    record_of,
    score,
    without_words,
)
from radimagenet_vqa_tasks.scoring.record import PAPER, SHOWN_RIGHT, Record, as_dict
from radimagenet_vqa_tasks.scoring.response import Response
from radimagenet_vqa_tasks.utils.prompts import doc_to_text

NOT_JUDGED = "no_verdict"
MODES: tuple[Mode, ...] = get_args(Mode)
PROTOCOLS = {PAPER: " by the paper's protocol", SHOWN_RIGHT: " for the picture that was shown"}
_FINISH = {"unfinished": "length", "refusal": "content_filter"}  # what null content was scored for


@dataclass(frozen=True)
class Change:
    """What became of some answers of a task: before, after, by which protocol."""

    task: str
    before: str
    after: str
    protocol: str = ""


@dataclass(frozen=True)
class Rescored:
    """A run read again.

    Attributes:
        name: the run's.
        changes: how many answers changed in which way.
        examples: a question of each change.
        logs: the new logs; empty where nothing changed, and nothing was written.
        notes: what a reader must know.
    """

    name: str
    answers: int
    changes: Mapping[Change, int]
    examples: Mapping[Change, str]
    logs: tuple[Path, ...]
    notes: tuple[str, ...]

    def said(self) -> Iterator[str]:
        """What changed and why, a line for each kind."""
        yield from (f"{note}." for note in self.notes)
        if not self.changes:
            yield f"{plain(self.name)}: {self.answers:,} answers read again; nothing changes."
            return
        yield f"{plain(self.name)}: {self.answers:,} answers read again; what changes:"
        for change, count in sorted(self.changes.items(), key=lambda one: (one[0].task, -one[1])):
            what = f"{change.before} -> {change.after}{change.protocol}"
            yield f"  {change.task}: {count:,} {what} (for instance {plain(self.examples[change], 60)})"


def rescore(path: Path) -> list[Rescored]:
    """Read the runs in a folder again, each into new logs beside its own. Raises RunError."""
    return [_rescored(run) for run in read_runs([path], texts=True)]


def _rescored(run: Run) -> Rescored:
    logs = sorted({log for arm in run.arms for log in arm.logs})
    lines = {log: [line for raw in log.read_bytes().splitlines() for line in _line(raw)] for log in logs}
    every = [line for of_log in lines.values() for line in of_log]
    kept = _version(every)
    changes: Counter[Change] = Counter()
    examples: dict[Change, str] = {}
    samples: dict[str, list[dict[str, Any]]] = {}
    for log, of_log in lines.items():
        task = log_name(log)[0]
        for fields, old in of_log:
            new = again(old)
            new.version = kept or old.version
            samples.setdefault(task, []).append({**fields, **as_results(new)})
            for change in _changes(task, old, new):
                changes[change] += 1
                examples.setdefault(change, old.key)
    notes = list(run.notes)
    if not kept:
        stays = every[0][1].version
        notes.append(f"{plain(run.name)} was asked with other prompts than today's: its task version stays {stays}")
    written = write_run(logs[0].parent, samples, _described(logs, sum(changes.values()))) if changes else ()
    return Rescored(run.name, len(every), changes, examples, written, tuple(notes))


def _described(logs: Sequence[Path], changes: int) -> dict[str, Any]:
    """The old account of the run, as that of the new logs."""
    old = {name: value for name, value in results_beside(logs[-1]).items() if name not in ("results", "groups")}
    config = dict(old["config"]) if isinstance(old.get("config"), dict) else {}
    options = config.get("resolved_cli_args")
    config["resolved_cli_args"] = {**(options if isinstance(options, dict) else {}), "timezone": "UTC"}
    return {**old, "config": config, "rescored": {"of": [log.name for log in logs], "changes": changes}}


def _line(raw: bytes) -> list[tuple[dict[str, Any], Record]]:
    """The host's fields and the record of a line; nothing of a damaged one, of which `run.notes` has said so."""
    record, _ = parse(raw)
    return [] if record is None else [(json.loads(raw.decode("utf-8", "replace")), record)]


def again(old: Record) -> Record:
    """The record that the present rules make of a response; captions keep their values. No text raises."""
    if old.format == "caption":
        return old
    if old.outcome == "missing" and old.judge is None:
        return record_of(
            _doc(old), Response(None, missing=old.reason, words=old.error or "", asked=old.asked), _kept(old)
        )
    response = Response(old.response, finish=_FINISH.get(old.reason or ""), asked=old.asked)
    doc = _doc(old)
    if old.response is None:
        new = record_of(doc, response, without_words(doc, response, old.judge))
    elif old.format == "open" and old.judge not in (None, RULE):
        new = record_of(doc, response, _judged(old, old.response))
    else:
        new = record_of(doc, response, score(doc, old.response))
    new.earlier_verdicts = list(old.earlier_verdicts)
    if old.judge is not None and (old.outcome, old.reason) != (new.outcome, new.reason):
        new.earlier_verdicts.append(verdict_of(old))
    return new


def _doc(old: Record) -> dict[str, Any]:
    fields = as_dict(old)
    return {**fields, "question": old.question or "", "choices": list(old.choices)}


def _kept(old: Record) -> Scored:
    """What is scored already, as it is."""
    return Scored(
        old.outcome,
        bool(old.scores[PAPER]) if PAPER in old.scores and is_papers_judge(old.judge) else None,
        old.extracted,
        old.reason,
        old.judge,
        old.tier,
        old.judge_reply,
    )


def _judged(old: Record, response: str) -> Scored:
    """A language model's verdict: it stands, unless it had nothing to judge then, or has nothing now."""
    shown = answer_of(response, next((mode for mode in MODES if str(old.judge).endswith(f"+{mode}")), "figure8"))
    if not isinstance(shown, str):
        in_paper = False if is_papers_judge(old.judge) else None
        return Scored(shown.outcome, in_paper, reason=shown.reason, judge=old.judge)
    if old.outcome == "unparsed" and old.judge_reply is None:
        return Scored("missing", reason=NOT_JUDGED, judge=old.judge)
    return _kept(old)


def _version(lines: Sequence[tuple[Mapping[str, Any], Record]]) -> str:
    """Today's task version, if all prompts were today's; else none: a score rests on what was asked too."""
    of_today = TASK_VERSION.partition("-")[0]
    same = all(record.version.partition("-")[0] == of_today or _asked_as_today(line, record) for line, record in lines)
    return TASK_VERSION if same else ""


def _asked_as_today(line: Mapping[str, Any], record: Record) -> bool:
    return bool(line.get("input") == doc_to_text(_doc(record), cell_called(record.cell).prompt.affixes(record.arm)))


def _changes(task: str, old: Record, new: Record) -> Iterator[Change]:
    if (old.outcome, old.extracted, old.reason) != (new.outcome, new.extracted, new.reason):
        yield Change(task, _shown(old), _shown(new))
    for metric, protocol in PROTOCOLS.items():
        if old.scores.get(metric) != new.scores.get(metric):
            yield Change(task, _score(old, metric), _score(new, metric), protocol)


def _shown(record: Record) -> str:
    read = f"{record.extracted!r} read" if record.extracted is not None else record.reason
    return f"{record.outcome} ({plain(read, 40)})" if read else record.outcome


def _score(record: Record, metric: str) -> str:
    score = record.scores.get(metric)
    return "no score" if score is None else "right" if score else "wrong"


def require_run(path: Path) -> None:
    """Raise RunError where a path is neither a folder nor a sample log, so that answers without --tasks are meant."""
    if path.is_file() and not log_name(path)[1]:
        raise RunError(f"{plain(path, None)} is no run. To score a file of answers, name what it answers with --tasks.")

"""`radvqa judge RUN`: verdicts on the open answers of a finished run, from its sample logs.

Asked about are the answers on which this judge has given no verdict yet: those it failed on, and those that another
judge has judged. A verdict is never replaced by a failure of the same judge, and all earlier verdicts stay in the
records. Each log is written as soon as its own verdicts are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm.answer import asked_about, endings
from radimagenet_vqa_tasks.judge.llm.cache import ReplyCache, key_of
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.progress import Progress
from radimagenet_vqa_tasks.judge.llm.prompt import prompt
from radimagenet_vqa_tasks.judge.llm.usage import Prices, Usage, money
from radimagenet_vqa_tasks.judge.logs import Line, OpenLog, read_logs
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.scoring.record import Record

BYTES_A_TOKEN = 4.0  # of English text, in the tokenizers in use
REPLY_TOKENS = 60.0  # of one reply in Figure 8's format, where none is cached to measure


@dataclass(frozen=True)
class Outlay:
    """What judging would take.

    Attributes:
        answers: open answers that would be judged.
        empty: of these, empty or unfinished ones, which need no judge.
        cached: of these, replies that are in the cache.
        calls: requests that remain, identical questions counted once and retries not at all.
        prompt_tokens, completion_tokens: of these calls, estimated from the texts' lengths.
    """

    answers: int
    empty: int
    cached: int
    calls: int
    prompt_tokens: float
    completion_tokens: float

    def summary(self, prices: Prices | None = None) -> str:
        """One line for people."""
        text = (
            f"{self.answers:,} answers to judge: {self.cached:,} from the cache, {self.empty:,} empty, {self.calls:,} "
            f"calls, about {self.prompt_tokens:,.0f} + {self.completion_tokens:,.0f} tokens"
        )
        return f"{text}, about {money(prices.of(self.prompt_tokens, self.completion_tokens))}" if prices else text


@dataclass(frozen=True)
class Rejudged:
    """What became of a run: for each cell the outcomes now, what judging took, and how many outcomes changed."""

    cells: Mapping[str, Mapping[str, int]]
    usage: Usage
    changed: int
    logs: Sequence[Path]


def estimate(runs: Sequence[Path], options: JudgeOptions, everything: bool = False) -> Outlay:
    """What judging these runs would take; nothing is asked and nothing is written. Raises RunError."""
    lines = [line for log in read_logs(runs) for line in _wanted(log, options.name, everything)]
    asked = [(line.record.question or "", _asked_about(line, options)) for line in lines]
    texts = [
        prompt(question, about[0], endings(about[1])[0], options.mode)
        for question, about in asked
        if not isinstance(about, Verdict)
    ]
    cache = ReplyCache(options.cache) if options.cache and options.cache.exists() else None
    cached, calls, replies = 0, set[str](), list[int]()
    for text in texts:
        kept = cache.get(key_of(options.kind, options.model, options.mode, text)) if cache else None
        if kept is None:
            calls.add(text)
        else:
            cached += 1
            replies.append(kept.completion_tokens)
    if cache:
        cache.close()
    each = sum(replies) / len(replies) if any(replies) else REPLY_TOKENS
    prompt_tokens = sum(len(text.encode()) for text in calls) / BYTES_A_TOKEN
    return Outlay(len(lines), len(lines) - len(texts), cached, len(calls), prompt_tokens, len(calls) * each)


def require_answers(runs: Sequence[Path]) -> None:
    """Raises RunError where these runs hold no open answers."""
    read_logs(runs)


def rejudge(runs: Sequence[Path], options: JudgeOptions, everything: bool = False) -> Rejudged:
    """Judge the open answers of these runs and write the verdicts into their logs.

    Raises RunError where there is nothing to read, or where not one verdict could be had; no log is changed then.
    """
    logs = read_logs(runs)
    wanted = {log.path: _wanted(log, options.name, everything) for log in logs}
    spoken = [_asked_about(line, options) for lines in wanted.values() for line in lines]
    total = sum(not isinstance(about, Verdict) for about in spoken)
    progress = Progress(f"judge {options.name}", total)
    judge = LLMJudge(options, progress.verdict)
    progress.follow(judge.usage)
    try:
        asked = {
            log.path: [
                judge.submit(line.record.question or "", line.record.target, line.response, _lowers(line))
                for line in wanted[log.path]
            ]
            for log in logs
        }
        changed = sum(_settle(log, wanted[log.path], asked[log.path], judge.name) for log in logs if wanted[log.path])
    finally:
        judge.close()
        progress.close()
    if 0 < total == judge.usage.outcomes["missing"]:
        raise RunError(f"the judge {judge.name} gave no verdict: {judge.usage.summary()}. The logs are as they were.")
    return Rejudged(_by_cell(logs), judge.usage, changed, [log.path for log in logs])


def _asked_about(line: Line, options: JudgeOptions) -> tuple[str, str] | Verdict:
    return asked_about(line.record.target, line.response, options.mode, _lowers(line))


def _lowers(line: Line) -> bool:
    return cell_called(line.record.cell).tool_lowers


def _wanted(log: OpenLog, judge: str, everything: bool) -> list[Line]:
    """The answers to ask about."""
    spoken = [line for line in log.open if not _silent(line.record)]
    return [line for line in spoken if everything or line.record.outcome == "missing" or line.record.judge != judge]


def _silent(record: Record) -> bool:
    """Whether the request failed, or the model gave no words: that is settled, and no judge's doing."""
    failed = record.outcome == "missing" and record.judge is None
    return failed or (record.response is None and record.outcome in ("unparsed", "declined"))


def _settle(log: OpenLog, lines: Sequence[Line], asked: Sequence[Future[Verdict]], judge: str) -> int:
    """Wait for one log's verdicts and write them; the number of outcomes that are not what they were."""
    verdicts = [future.result() for future in asked]
    outcomes = {verdict.outcome for verdict in verdicts}
    if "missing" in outcomes and not outcomes & {"correct", "incorrect", "declined"}:
        return 0  # a judge that is down leaves the log alone
    news, changed = [], 0
    for line, verdict in zip(lines, verdicts, strict=True):
        before, mine = line.record.outcome, line.record.judge == judge
        if mine and (verdict.outcome == "missing" or verdict.outcome == before):
            continue
        line.set(verdict, judge)
        news.append(line)
        changed += verdict.outcome != before
    if news:
        log.save(news)
    return changed


def _by_cell(logs: Sequence[OpenLog]) -> dict[str, dict[str, int]]:
    cells: dict[str, dict[str, int]] = {}
    for log in logs:
        for line in log.open:
            name = line.record.cell + (f" ({line.record.arm})" if not line.record.with_image else "")
            outcomes = cells.setdefault(name, {})
            outcomes[line.record.outcome] = outcomes.get(line.record.outcome, 0) + 1
    return cells

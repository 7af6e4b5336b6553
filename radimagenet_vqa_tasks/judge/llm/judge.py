"""The LLM judge: verdicts on open answers from a chat endpoint, many at once, each asked and paid for once.

An answer that only declines is asked about like any other, which the paper's protocol needs; found incorrect, it is
`declined`. Nothing that a model, a judge or a network does raises here. An answer that the endpoint refuses for what it
holds is `unparsed`, reason `unjudgeable`. What is the machinery's fault is `missing`, with the reason codes of
`reply.py` and `client.py` and `endpoint.py`, and two of this module: `deadline` (no reply in the time for one verdict)
and `closed`.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from loguru import logger

from radimagenet_vqa_tasks.judge.llm.answer import asked_about, endings
from radimagenet_vqa_tasks.judge.llm.cache import CachedReply, ReplyCache, key_of
from radimagenet_vqa_tasks.judge.llm.client import CallFailedError
from radimagenet_vqa_tasks.judge.llm.endpoint import Endpoint
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.prompt import prompt
from radimagenet_vqa_tasks.judge.llm.reply import LLMVerdict, correct_in_paper, read
from radimagenet_vqa_tasks.judge.llm.usage import Usage
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.declining import only_declines
from radimagenet_vqa_tasks.reading.statements import LONGEST_READ
from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.reading.undress import plain

CLOSING_SECONDS = 5.0
UNJUDGEABLE = "unjudgeable"


class LLMJudge:
    """Judges from any thread. Its own thread, connections and cache come with the first question.

    `on_verdict` is called in the judge's thread after each verdict; it must be quick and must not raise.
    """

    def __init__(self, options: JudgeOptions, on_verdict: Callable[[Verdict], None] | None = None) -> None:
        self.options = options
        self.name = options.name
        self.usage = Usage()
        self._on_verdict = on_verdict
        self._starting = threading.Lock()
        self._session: _Session
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, question: str, answer: str, response: str, lower: bool = False) -> Future[Verdict]:
        """Ask for a verdict on `response` against the standard `answer`; `lower` as for `asked_about`.

        Neither this nor the Future ever raises.
        """
        verdict: Future[Verdict] = Future()
        verdict.set_running_or_notify_cancel()  # from here on a caller cannot cancel it
        asked = asked_about(answer, response, self.options.mode, lower)
        if isinstance(asked, Verdict):
            verdict.set_result(LLMVerdict(asked.outcome, asked.reason))
            return verdict
        try:
            with self._starting:
                loop = self._running_loop()
                loop.call_soon_threadsafe(self._session.start, question, *asked, verdict)
        except RuntimeError:  # closed, or Python is shutting down
            verdict.set_result(LLMVerdict("missing", "closed"))
        return verdict

    def close(self) -> None:
        """End: what is still under way becomes `missing` (`closed`). Safe to call twice."""
        with self._starting:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(self._session.stop)
            thread.join(CLOSING_SECONDS)

    def __repr__(self) -> str:
        return f"LLMJudge({self.name!r}, {self.options.shown_url!r})"

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise RuntimeError("closed")
        # A forked process has the judge but not its thread.
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            self._loop = asyncio.new_event_loop()
            self._session = _Session(self.options, self.usage, self._on_verdict)
            self._thread = threading.Thread(target=self._session.run, args=(self._loop,), name="judge", daemon=True)
            self._thread.start()
        return self._loop


class _Session:
    """What lives in the judge's thread; only `run` is called from outside it, and once."""

    def __init__(self, options: JudgeOptions, usage: Usage, on_verdict: Callable[[Verdict], None] | None) -> None:
        self._options = options
        self._usage = usage
        self._on_verdict = on_verdict
        self._cache = ReplyCache(options.cache) if options.cache else None
        # The file is read and written beside the loop, in one thread, as it may have to wait for other processes.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="judge-cache")
        self._making = ThreadPoolExecutor(1, thread_name_prefix="judge-prompt")
        self._flights: dict[bytes, asyncio.Future[LLMVerdict]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[Future[Verdict]] = set()
        self._endpoint = Endpoint(options, usage)
        self._slots = asyncio.Semaphore(options.concurrency)
        self._ended = asyncio.Event()

    def run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve())
        finally:
            # Nobody may wait for ever, not even where this thread ends in a way that nobody has thought of.
            for future in self._open:
                future.set_result(LLMVerdict("missing", "closed"))
            self._disk.shutdown()
            self._making.shutdown()
            if self._cache:
                self._cache.close()
            loop.close()

    async def _serve(self) -> None:
        await self._ended.wait()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        await self._endpoint.close()

    def stop(self) -> None:
        self._ended.set()

    def start(self, question: str, answer: str, response: str, verdict: Future[Verdict]) -> None:
        """Begin on one question, in the loop's thread."""
        self._open.add(verdict)
        task = asyncio.get_running_loop().create_task(self._answer(question, answer, response, verdict))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: str, answer: str, response: str, future: Future[Verdict]) -> None:
        verdict = LLMVerdict("missing", "closed")
        self._usage.asked += 1
        try:
            verdict = await self._verdict_on(question, answer, response)
        except asyncio.CancelledError:
            pass
        except Exception as error:
            # A fault of this package: one verdict is missing, which the record says; the run goes on.
            verdict = LLMVerdict("missing", f"error_{type(error).__name__}")
            if verdict.reason not in self._usage.failures:
                # loguru's own tracebacks show the values of variables, hence a plain one; a message may hold anything.
                logger.error(f"the judge {self._options.name} failed: {self._options.masked(traceback.format_exc())}")
            self._endpoint.failed(CallFailedError(verdict.reason))
        finally:
            self._count(verdict)
            self._open.discard(future)
            future.set_result(verdict)
            if self._on_verdict:
                self._on_verdict(verdict)

    async def _verdict_on(self, question: str, answer: str, response: str) -> LLMVerdict:
        """The verdict on a response, or on its end where the judge refuses more."""
        loop = asyncio.get_running_loop()
        verdict = LLMVerdict("missing", "closed")
        for shown in endings(response):
            # Making a prompt of a very long answer must not hold up the others.
            text = await loop.run_in_executor(self._making, prompt, question, answer, shown, self._options.mode)
            verdict = await self._judge(text)
            if verdict.reason != UNJUDGEABLE:
                judged = verdict.reason == "judged" and len(shown) < len(response)
                return _declined(response, replace(verdict, reason="judged_by_its_end") if judged else verdict)
        return verdict

    async def _judge(self, text: str) -> LLMVerdict:
        """The verdict on one prompt; identical prompts under way share one flight."""
        options = self._options
        key = key_of(options.kind, options.model, options.mode, text)
        flight = self._flights.get(key)
        if flight is not None:
            self._usage.shared += 1
            return await asyncio.shield(flight)
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        verdict = LLMVerdict("missing", "closed")
        try:
            verdict = await self._cached(key) or await self._asked(key, text)
        finally:
            del self._flights[key]
            flight.set_result(verdict)
        return verdict

    async def _cached(self, key: bytes) -> LLMVerdict | None:
        if self._cache is None:
            return None
        kept = await asyncio.get_running_loop().run_in_executor(self._disk, self._cache.get, key)
        verdict = self._verdict(kept.first, kept.last) if kept else None
        if verdict is None or verdict.outcome == "missing":
            return None
        self._usage.cached += 1
        return replace(verdict, cached=True)

    async def _asked(self, key: bytes, text: str) -> LLMVerdict:
        async with self._slots:
            if self._endpoint.stopped:
                return LLMVerdict("missing", self._endpoint.stopped)
            try:
                replies = await asyncio.wait_for(self._readable(text), self._options.deadline)
            except CallFailedError as error:
                if error.about_content and await self._endpoint.answers():
                    return LLMVerdict("unparsed", UNJUDGEABLE)
                self._endpoint.failed(error)
                return LLMVerdict("missing", error.reason)
            except (asyncio.TimeoutError, TimeoutError):
                self._endpoint.failed(CallFailedError("deadline"))
                return LLMVerdict("missing", "deadline")
        verdict = self._verdict(replies.first, replies.last, replies.cut_off)
        if verdict.outcome == "missing":
            self._endpoint.failed(CallFailedError(verdict.reason))
            return verdict
        self._endpoint.succeeded()
        if self._cache:
            await asyncio.get_running_loop().run_in_executor(self._disk, self._cache.put, key, replies)
        return verdict

    async def _readable(self, text: str) -> CachedReply:
        """Ask until a reply holds a verdict, or as often as is allowed. Raises CallFailedError."""
        first = reply = await self._endpoint.reply(text)
        tokens = [reply.prompt_tokens, reply.completion_tokens]
        for _ in range(self._options.readings - 1):
            if self._verdict(first.text, reply.text, reply.cut_off).outcome != "missing":
                break
            reply = await self._endpoint.reply(text)
            tokens = [tokens[0] + reply.prompt_tokens, tokens[1] + reply.completion_tokens]
        return CachedReply(first.text, reply.text, tokens[0], tokens[1], reply.cut_off)

    def _verdict(self, first: str, last: str, cut_off: bool = False) -> LLMVerdict:
        mode = self._options.mode
        verdict = Verdict("missing", "cut_off") if cut_off else read(last, mode)
        return LLMVerdict(verdict.outcome, verdict.reason, correct_in_paper(first, mode), last)

    def _count(self, verdict: LLMVerdict) -> None:
        self._usage.outcomes[verdict.outcome] += 1
        if verdict.outcome == "missing":
            self._usage.failures[verdict.reason] += 1


def _declined(answer: str, verdict: LLMVerdict) -> LLMVerdict:
    """The verdict, where it is incorrect because the answer only declines: a judge has no word for that."""
    if verdict.outcome != "incorrect":
        return verdict
    reason = only_declines(plain(split(answer[:LONGEST_READ]).answer))
    return replace(verdict, outcome="declined", reason=reason) if reason else verdict

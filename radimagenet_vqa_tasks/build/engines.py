"""Where shards are written: processes of this machine, or a Ray cluster; both run the same function."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Protocol

from radimagenet_vqa_tasks.build.plan import Shard
from radimagenet_vqa_tasks.build.shards import Job, write_shard
from radimagenet_vqa_tasks.errors import RunError

ENGINES = ("local", "ray")


class Engine(Protocol):
    """Writes shards in any order."""

    def write(self, job: Job, shards: Sequence[Shard]) -> Iterator[int]:
        """Write all shards; each gives its number of images when it is there."""


@contextmanager
def engine(name: str, workers: int | None = None) -> Iterator[Engine]:
    """The engine called `name`. Local workers start at once, so that they are ready when there is something to do."""
    if name == "ray":
        from radimagenet_vqa_tasks.build.on_ray import RayEngine

        yield RayEngine()
        return
    count = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else workers or os.cpu_count()
    if count == 1:
        yield _InProcess()
        return
    # Started anew, not forked: Arrow's threads do not survive a fork.
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)) as pool:
        for _ in range(count or 1):
            pool.submit(os.getpid)
        yield _Processes(pool)


class _InProcess:
    def write(self, job: Job, shards: Sequence[Shard]) -> Iterator[int]:
        for shard in shards:
            yield write_shard(job, shard)


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def write(self, job: Job, shards: Sequence[Shard]) -> Iterator[int]:
        left: set[Future[int]] = {self._pool.submit(write_shard, job, shard) for shard in shards}
        try:
            while left:
                done, left = wait(left, return_when=FIRST_COMPLETED)
                for future in done:
                    yield _result(future.result)
        finally:
            for future in left:
                future.cancel()


def _result(get: Callable[[], int]) -> int:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return get()
    except BrokenProcessPool as error:
        raise RunError(
            "a process that wrote shards was ended from outside (too little memory?). What is finished stays: give the "
            "same command again, with fewer --workers."
        ) from error


def _end_with(parent: int) -> None:
    """Let this process end when `parent` is killed: it would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

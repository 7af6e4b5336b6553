"""A lock between processes that does without where a file system has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from loguru import logger


@contextmanager
def held(path: Path, timeout: float = -1) -> Iterator[None]:
    """Hold the lock file at `path` while the context lasts; raises filelock's Timeout where another process has it.

    Some network file systems cannot lock, or say so in the middle (ENOLCK, EIO). What is locked here is written whole
    or not at all, so work goes on, with a warning.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise
    except (OSError, NotImplementedError) as error:
        logger.warning(f"{path} cannot be locked ({error}): do not start the same work twice at once")
    try:
        yield
    finally:
        lock.release()

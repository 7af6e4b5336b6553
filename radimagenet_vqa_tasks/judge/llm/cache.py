"""Judges' replies on disk, so that no question is paid for twice; safe for several processes at once.

A SQLite file in WAL mode. It holds replies under the SHA-256 of everything that the judge was asked, never verdicts:
these are read from the reply each time, so a damaged or forged row can at worst be no verdict. No fault of the file may
cost one either: a damaged file is set aside and begun anew, a disk that is full or read-only is written to no more.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from loguru import logger

Result = TypeVar("Result")

# How long other processes' locks are waited for, all waits of one cache together: a write takes milliseconds, and a
# process that holds the file for good must not hold up every verdict.
PATIENCE = 5.0

_TABLE = """CREATE TABLE IF NOT EXISTS replies (
    key BLOB PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL) WITHOUT ROWID"""
# What SQLite calls a file that is damaged, or none of its own.
_DAMAGED = ("malformed", "not a database", "no such column", "no such table", "file is encrypted")


@dataclass(frozen=True)
class CachedReply:
    """What a judge replied: at first, which is what the paper's tool would have read, and at last; tokens in all.

    `cut_off` says that the last reply is incomplete; such a reply is never kept.
    """

    first: str
    last: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut_off: bool = False


def default_path() -> Path:
    """`judge.sqlite` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "radvqa" / "judge.sqlite"


def key_of(kind: str, model: str, mode: str, prompt: str) -> bytes:
    """The key of one question to one judge. The prompt holds the template, question, answer and response."""
    return hashlib.sha256(json.dumps([kind, model, mode, prompt]).encode()).digest()


class ReplyCache:
    """Replies by key. Used from one thread; several processes may share the file. Never raises for a file's fault."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._usable = True
        self._writable = True
        self._patience = PATIENCE
        self._said_locked = False

    def get(self, key: bytes) -> CachedReply | None:
        """The reply under `key`, None where there is none or the file cannot be read."""

        def select(connection: sqlite3.Connection) -> CachedReply | None:
            query = "SELECT first, last, prompt_tokens, completion_tokens FROM replies WHERE key = ?"
            row = connection.execute(query, (key,)).fetchone()
            # A row of other types is none, and is replaced by the next reply. SQLite keeps whatever is put in.
            return CachedReply(*row) if row and tuple(map(type, row)) == (str, str, int, int) else None

        return self._attempt(select) if self._usable else None

    def put(self, key: bytes, reply: CachedReply) -> None:
        """Keep a reply, on disk when this returns."""

        def insert(connection: sqlite3.Connection) -> None:
            row = (key, reply.first, reply.last, reply.prompt_tokens, reply.completion_tokens)
            connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?)", row)

        if self._usable and self._writable:
            self._attempt(insert)

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _attempt(self, action: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """What `action` returns; None, and one warning, where the file has a fault that cannot be mended."""
        for mended in (False, True):
            started = time.monotonic()
            try:
                connection = self._connect()
                connection.execute(f"PRAGMA busy_timeout={int(1000 * self._patience)}")
                return action(connection)
            except (sqlite3.Error, OSError) as error:
                if not mended and any(sign in str(error) for sign in _DAMAGED):
                    self._set_aside()
                else:
                    self._give_up(error, time.monotonic() - started)
                    return None
        return None

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Each statement is its own transaction. The thread that closes the file is not the one that used it.
            connection = sqlite3.connect(
                self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
            )
            # A byte that is no text makes a reply that holds no verdict, not an error.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                # After a crash of the process nothing is lost, after one of the machine at worst the last replies.
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(_TABLE)
                connection.execute("SELECT first, last, prompt_tokens, completion_tokens FROM replies LIMIT 1")
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _set_aside(self) -> None:
        """Move a damaged file out of the way, unless another process has done so already."""
        self.close()
        try:
            with FileLock(f"{self.path}.lock", timeout=PATIENCE):
                if not _is_damaged(self.path):
                    return
                aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
                for suffix in ("", "-wal", "-shm"):
                    part = Path(f"{self.path}{suffix}")
                    if part.exists():
                        part.replace(f"{aside}{suffix}")
        except OSError as error:  # filelock's Timeout is one
            self._give_up(error, PATIENCE)
            return
        logger.warning(f"the judge's cache {self.path} is damaged: set aside as {aside.name}, a new one is begun")

    def _give_up(self, error: Exception, waited: float) -> None:
        """Go on without what does not work, and say so once."""
        if "locked" in str(error):  # another process is busy: this one reply is not kept, the next may be
            self._patience = max(0.0, self._patience - waited)
            if not self._said_locked:
                self._said_locked = True
                logger.warning(
                    f"the judge's cache {self.path} is locked by another process: verdicts go on, and are kept once it "
                    "lets go"
                )
            return
        if self._connection is None:
            self._usable = False
            logger.warning(f"the judge's cache {self.path} cannot be used ({error}): verdicts go on without it")
        elif self._writable:
            self._writable = False
            logger.warning(
                f"the judge's cache {self.path} cannot be written ({error}): verdicts go on, new ones are not kept. "
                "Make room, or name another file with RADVQA_JUDGE_CACHE."
            )


def _is_damaged(path: Path) -> bool:
    if not path.exists():
        return False
    connection = sqlite3.connect(path, timeout=PATIENCE)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        connection.execute("SELECT first, last, prompt_tokens, completion_tokens FROM replies LIMIT 1")
        return bool(found[0] != "ok")
    except sqlite3.DatabaseError:
        return True
    finally:
        connection.close()

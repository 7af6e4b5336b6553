"""The demonstration as a newcomer runs it: once for all tests that look at what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from msgspec import convert
from support import lines_of, message

from radimagenet_vqa_tasks.scoring.record import Record

# Refuses every connection that leaves the machine, and remembers it.
NO_NETWORK = """
import socket
from pathlib import Path
connect, resolve = socket.socket.connect, socket.getaddrinfo
def refuse(name):
    with Path({log!r}).open("a") as log:
        log.write(name + "\\n")
    raise OSError("no network in this test: " + name)
def guarded(self, address):
    if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
        refuse(str(address))
    return connect(self, address)
socket.socket.connect = guarded
def local_only(host, *rest, **options):
    return resolve(host, *rest, **options) if host in ("localhost", "127.0.0.1") else refuse(str(host))
socket.getaddrinfo = local_only
"""


@dataclass(frozen=True)
class Demonstration:
    """What `radvqa demo` printed, its records and report, and where it logged attempts to reach a network."""

    output: str
    with_images: list[Record]
    without_images: list[Record]
    chance: list[Record]
    report: Path
    attempts: Path


def demonstrated(folder: Path) -> Demonstration:
    """`radvqa demo` in this folder, on a machine without a network."""
    attempts = folder / "attempts"
    (folder / "sitecustomize.py").write_text(NO_NETWORK.format(log=str(attempts)))
    result = subprocess.run(
        [sys.executable, "-m", "radimagenet_vqa_tasks", "demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, message(result)
    runs = folder / "runs" / "demo"
    tiny, chance = (
        [convert(line["record"], Record) for line in lines_of(sorted((runs / name).rglob("*.jsonl")))]
        for name in ("tiny", "chance")
    )
    return Demonstration(
        output=result.stdout,
        with_images=[record for record in tiny if record.arm == "image"],
        without_images=[record for record in tiny if record.arm == "textonly"],
        chance=chance,
        report=runs / "report.html",
        attempts=attempts,
    )

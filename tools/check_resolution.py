"""Ask for which systems, and beside which engines, the package can be installed; nothing big is downloaded.

    python tools/check_resolution.py

resolves the core for each system and version of Python, the extras of EXTRAS for each system, and on Linux the core
beside each engine of BESIDE, from wheels alone but for SOURCE_ONLY. It exits with 1 where something resolves that is
said not to, or the other way round.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent
SYSTEMS = {
    "Linux x86-64": "x86_64-unknown-linux-gnu",
    "Linux aarch64": "aarch64-unknown-linux-gnu",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86-64": "x86_64-apple-darwin",
    "Windows": "x86_64-pc-windows-msvc",
}
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# What else has to find room in the environment. vLLM 0.11 is a year old.
BESIDE = {
    "transformers 4": ("transformers<5",),
    "vLLM": ("vllm",),
    "vLLM 0.11, transformers 4": ("vllm==0.11.0", "transformers<5"),
    "SGLang": ("sglang",),
    "lm-eval": ("lm-eval",),
}
# Those that are for every system.
EXTRAS = ("build", "captions", "clip")
# Dependencies of lmms-eval, of lm-eval and of the captions' metrics that exist as source only; pure Python, built in
# seconds.
SOURCE_ONLY = ("transformers-stream-generator", "antlr4-python3-runtime", "zss", "sqlitedict", "rouge-score")
# There is no torch: its last wheels for Intel Macs are those of version 2.2, for Python up to 3.12.
IMPOSSIBLE = {("macOS x86-64", "3.13"), ("macOS x86-64", "3.14")}
AT_ONCE = 6
# Asked of the index; what the other versions of Python need is then mostly in uv's cache.
FIRST = "3.12"


@dataclass(frozen=True)
class Target:
    """One environment: a system, a version of Python, what stands beside the package, and the extras it has."""

    system: str
    python: str
    beside: str = ""
    extras: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f", beside {self.beside}" if self.beside else ""
        return f"{self.system}, Python {self.python}{more}" + (
            f", with {', '.join(self.extras)}" if self.extras else ""
        )

    @property
    def is_possible(self) -> bool:
        return (self.system, self.python) not in IMPOSSIBLE


def targets() -> list[Target]:
    core = [Target(system, python) for system, python in itertools.product(SYSTEMS, PYTHONS)]
    extras = [Target(system, FIRST, extras=EXTRAS) for system in SYSTEMS]
    return [*core, *extras, *(Target("Linux x86-64", FIRST, beside) for beside in BESIDE)]


def why_not(target: Target, folder: Path) -> str:
    """The reason why it cannot be installed; empty if it can."""
    more = folder / f"{target}.in"
    more.write_text("\n".join(BESIDE.get(target.beside, ())), encoding="utf-8")
    if target.python != FIRST and not _resolve(target, more, "--offline"):
        return ""
    return _resolve(target, more)


def _resolve(target: Target, more: Path, *how: str) -> str:
    options = ["--quiet", "--no-header", "--python-platform", SYSTEMS[target.system], "--python-version", target.python]
    wheels = ["--only-binary", ":all:", *(part for name in SOURCE_ONLY for part in ("--no-binary", name))]
    options += [part for name in target.extras for part in ("--extra", name)]
    command = ["uv", "pip", "compile", *options, *wheels, *how, "pyproject.toml", str(more)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stderr.strip() or f"uv ended with {result.returncode}"


def report(found: Sequence[tuple[Target, str]]) -> bool:
    """Print one line for each target; whether all are as expected."""
    wrong = [(target, reason) for target, reason in found if (not reason) != target.is_possible]
    for target, reason in found:
        print(f"{'no ' if reason else 'yes'}  {target}" + ("" if target.is_possible else "  (no torch there)"))
    for reason in dict.fromkeys(reason for _, reason in wrong):
        concerned = "; ".join(str(target) for target, its_reason in wrong if its_reason == reason)
        print(f"\n{concerned}:\n{reason or 'resolves now; take it out of IMPOSSIBLE'}")
    return not wrong


def main() -> None:
    wanted = sorted(targets(), key=lambda target: target.python != FIRST)
    first = [target for target in wanted if target.python == FIRST]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        ask = partial(why_not, folder=Path(folder))
        reasons = [reason for wave in (first, wanted[len(first) :]) for reason in list(pool.map(ask, wave))]
    sys.exit(0 if report(list(zip(wanted, reasons, strict=True))) else 1)


if __name__ == "__main__":
    main()

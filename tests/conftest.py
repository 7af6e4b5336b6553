"""What the tests share: the repository's paths, benchmark-shaped data, and a runner for commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
import shaped_data
from demonstration import Demonstration, demonstrated
from loguru import logger
from support import Command

# The tests need no network, and must fail rather than try one.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End with what was not tested, and why."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped")
    )
    for reason, count in reasons.items():
        terminalreporter.write_line(f"not tested ({count}): {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    yield from _host_only_where_marked(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield from _host_only_where_marked(item)


def _host_only_where_marked(item: pytest.Item) -> Iterator[None]:
    """Keep the promise of the marker `host`: a test without it does not load lmms-eval."""
    loaded = sys.modules.get("lmms_eval.tasks")
    yield
    if not loaded and sys.modules.get("lmms_eval.tasks") and item.get_closest_marker("host") is None:
        pytest.fail("this test loads lmms-eval, which takes a quarter of a minute: mark it with pytest.mark.host")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shaped_table() -> pa.Table:
    """9,000 rows of the benchmark's shape, on images of 8 x 8 pixels."""
    return shaped_data.table(side=8)


@pytest.fixture(scope="session")
def hub_copy(tmp_path_factory: pytest.TempPathFactory, shaped_table: pa.Table) -> Path:
    """`shaped_table` in a folder laid out as the hub lays it out."""
    folder = tmp_path_factory.mktemp("hub") / "RadImageNet-VQA"
    shaped_data.write_hub_copy(folder, shaped_table)
    return folder


@pytest.fixture(scope="session")
def comparator_copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Stand-ins of VQA-RAD, SLAKE, MMMU, ReXVQA and CT-Bench as they are released, by the names that `--data` has."""
    import comparators  # it imports the hub's client, which reads the variables above when it is imported
    import ctbench_standin
    import rexvqa_standin

    folder = tmp_path_factory.mktemp("comparators")
    rexvqa_standin.write(folder / "ReXVQA")
    ctbench_standin.write(folder / "CT-Bench")
    return {**comparators.write_all(folder), "rexvqa": folder / "ReXVQA", "ctbench": folder / "CT-Bench"}


@pytest.fixture(scope="session")
def scans_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scans that RadImageNet's layout has a place for, with its three tables; see `lay_out`."""
    from scans_tree import lay_out

    return lay_out(tmp_path_factory.mktemp("radimagenet"))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """`radvqa demo`, once for all."""
    return demonstrated(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run a command of the environment from an empty folder; its output is in the result."""

    def run(*arguments: object, env: dict[str, str] | None = None, timeout: float = 300) -> object:
        program, *rest = map(str, arguments)
        beside = Path(sys.executable).parent / program
        return subprocess.run(
            [str(beside) if beside.exists() else program, *rest],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def warnings_said() -> Iterator[list[str]]:
    """The warnings that the host's logger is given while a test runs."""
    said: list[str] = []
    sink = logger.add(said.append, level="WARNING", format="{message}")
    yield said
    with suppress(ValueError):  # the host may have removed all sinks meanwhile
        logger.remove(sink)

"""What other programs may import from the package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from runs_support import records, write
from support import Command, message

import radimagenet_vqa_tasks as public


def test_public_names_work() -> None:
    """Each name is there, and the ones that read and score do so."""
    assert all(getattr(public, name) for name in public.__all__)
    assert set(public.__all__) <= set(dir(public))
    assert public.paper_option("B", ["knee", "hip"]) == {"B"}
    assert public.paper_yes_no("Yes, it is abnormal") == frozenset()
    assert public.read_option("The answer is B.", ["knee", "hip"]) == "B"


def test_a_run_is_loaded_with_its_texts(tmp_path: Path) -> None:
    """Records, and a table of them with one row an answer."""
    write(tmp_path / "run", records(2))
    run = public.load_run(tmp_path / "run")
    assert len(run.records) == 18 and run.records[0].response and run.records[0].question
    table = run.to_arrow()
    assert table.num_rows == 18
    assert {"run", "cell", "accuracy", "accuracy_paper", "facet_location", "response"} <= set(table.column_names)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typing error is answered as by any module."""
    with pytest.raises(AttributeError, match="has no attribute 'paper_opton'"):
        public.paper_opton  # noqa: B018


def test_public_names_load_no_heavy_library(command: Command) -> None:
    """Importing all of them takes no torch, no transformers and no host."""
    script = (
        "import sys\nfrom radimagenet_vqa_tasks import *\n"
        "print(sorted({'torch', 'transformers', 'lmms_eval', 'datasets', 'pandas'} & set(sys.modules)))\n"
    )
    result = command(sys.executable, "-c", script)
    assert result.stdout.strip() == "[]", message(result)

"""The committed task files are what the benchmarks' records say."""

from __future__ import annotations

from make_tasks import files

from radimagenet_vqa_tasks.plugin import TASKS


def test_task_files_are_those_of_the_records() -> None:
    """A record that was changed without `python tools/make_tasks.py`, or a file changed by hand, is found."""
    found = {str(path.relative_to(TASKS)): path.read_text(encoding="utf-8") for path in TASKS.rglob("*yaml")}
    assert found == files()

"""Any values in any column of any data set: one message or sound questions, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import comparators
import pyarrow as pa
import pytest
import rexvqa_standin
import shaped_data
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.data.adapter import adapted
from radimagenet_vqa_tasks.data.questions import question_dataset
from radimagenet_vqa_tasks.errors import DataError

Row = dict[str, Any]

ROWS: dict[str, Callable[[], list[Row]]] = {
    "radvqa": lambda: shaped_data.table(images=1, normal=0, side=8).to_pylist(),
    "radvqa_distractors": lambda: shaped_data.table(images=1, normal=0, side=8).to_pylist(),
    "vqarad": lambda: comparators.vqarad_rows()[:4],
    "slake": lambda: comparators.slake_rows()[:8],
    "slake_zh": lambda: comparators.slake_rows()[-8:],
    "mmmu_med": lambda: comparators.mmmu_rows("Pharmacy")[:4],
    "rexvqa": lambda: [rexvqa_standin.record(number, "Presence Assessment") for number in range(4)],
}
SOUND: dict[str, list[Row]] = {}

texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "\ud800", "A", "Z", "yes", "['a', 'b']", "[" * 3000, "\x1b[2J", "../../etc/passwd", "9" * 30]
    ),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), texts, st.binary(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["bytes", "path", "location", "pathology", "x"]), inner, min_size=1, max_size=3
        ),
    ),
    max_leaves=6,
)


def as_rows(name: str, rows: list[Row]) -> Dataset | None:
    """The rows as the library would load them; None for values that no file of the kind can hold."""
    try:
        if BENCHMARKS[name].source.document:
            return Dataset(pa.table({"text": [json.dumps({f"q{at}": row for at, row in enumerate(rows)})]}))
        return Dataset(pa.Table.from_pylist(rows))
    except (pa.ArrowException, UnicodeEncodeError, OverflowError, ValueError, TypeError):
        return None


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_value_is_one_message_or_a_sound_question(name: str, data: st.DataObject) -> None:
    """A value in one row, or in the whole column, or in one field of a column of fields, is anything at all."""
    rows = [dict(row) for row in SOUND.setdefault(name, ROWS[name]())]
    column = data.draw(st.sampled_from(sorted(rows[0])))
    value, everywhere = data.draw(values), data.draw(st.booleans())
    inside = isinstance(rows[0][column], dict) and data.draw(st.booleans())
    field = data.draw(st.sampled_from(sorted(rows[0][column]))) if inside else ""
    for row in rows if everywhere else rows[:1]:
        row[column] = {**(row[column] or {}), field: value} if inside else value
    table = as_rows(name, rows)
    if table is None:
        return
    try:
        found = adapted(BENCHMARKS[name], table)
    except DataError as error:
        assert str(error)
        return
    made = question_dataset(None, found.questions, "f", name)
    assert len(made) == len(found.questions)
    assert all(len(fault) < 2000 for fault in found.faults)

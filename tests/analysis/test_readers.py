"""ReXVQA's numbers: people beside runs, the paper's rows of other questions, and rare categories."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from runs_support import DATA, arm, changed, write

from radimagenet_vqa_tasks.analysis.measure import RARE, Scheme, grouped
from radimagenet_vqa_tasks.analysis.published_cells import cells_sheet
from radimagenet_vqa_tasks.analysis.readers import read_answers, reader_arms, readers_sheets
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.sheet import Item
from radimagenet_vqa_tasks.analysis.summary import summary
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.scoring.outcomes import scores_of
from radimagenet_vqa_tasks.scoring.record import Record

CELLS = tuple(BENCHMARKS["rexvqa"].cells)


def answered(number: int, cell: str = CELLS[0], letter: str = "A", category: str = "Lungs") -> Record:
    """A question about a study of its own whose right answer is A."""
    outcome = "correct" if letter == "A" else "incorrect" if letter else "unparsed"
    return Record(
        key=f"{cell}:{number}",
        cluster=f"study{number}",
        cell=cell,
        format="mc",
        target="A",
        fingerprint=DATA,
        version="2-A",
        outcome=outcome,
        arm="image",
        scores=scores_of(outcome, None),
        facets={"category": category},
        choices=("w", "x", "y", "z"),
        extracted=letter or None,
        response=letter,
    )


def table(folder: Path, *lines: str, head: str = "id,reader,letter") -> Path:
    path = folder / "readers.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8-sig")
    return path


def test_readers_stand_beside_runs_on_their_own_questions(tmp_path: Path) -> None:
    """By hand: the run has 1 of the reader's 2 questions right, the reader both; they agree on one of two."""
    run = arm("model", [answered(number, letter="A" if number else "B") for number in range(4)])
    keys = [record.key for record in run.records]
    lines = (f"{keys[0]},Ann,a", f"{keys[1]},Ann,A.", f"{keys[1]},Bob,", f"{keys[2]},Bob,B")
    answers = read_answers(table(tmp_path, *lines, head="ID, Reader ,letter"))
    accuracies, agreement = readers_sheets([run], answers)
    found = {(row["reader"], row["answered_by"]): (row["accuracy"], row["n"]) for row in accuracies.data}
    assert found == {
        ("Ann", "Ann"): (1.0, 2),
        ("Ann", "model"): (0.5, 2),
        ("Bob", "Bob"): (0.0, 2),
        ("Bob", "model"): (1.0, 2),
    }
    assert {(row["first"], row["second"]): row["n"] for row in agreement.data}[("Ann", "Bob")] == 1
    bob = reader_arms(run, answers)[1]
    assert [record.outcome for record in bob.records] == ["unparsed", "incorrect"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{0},Ann,E"], "line 2: 'E' is none of the options A, B, C, D"),
        (["{0},Ann,A", "{0},Ann,B"], "line 3: Ann answers rexvqa_presence:0 a second time"),
        (["{0},,A"], "line 2: there must be an id and a reader"),
        (["nowhere,Ann,A"], "line 2: no question of model has the id nowhere"),
        ([], "holds no answer"),
    ],
)
def test_wrong_line_of_readers_is_named(lines: list[str], said: str, tmp_path: Path) -> None:
    """A letter that is no option, a second answer, an id that no question has: the line, and what is wrong with it."""
    run = [answered(number) for number in range(3)]
    write(tmp_path / "run", run, model="publisher/model")
    file = table(tmp_path, *(one.format(run[0].key) for one in lines))
    result = CliRunner().invoke(main, ["compare", f"model={tmp_path / 'run'}", "--readers", str(file)])
    assert result.exit_code == 1 and said in result.output


def test_other_file_is_no_file_of_readers(tmp_path: Path) -> None:
    """Another table, or no text at all, is one message."""
    with pytest.raises(RunError, match="column reader is missing"):
        read_answers(table(tmp_path, "1,A", head="id,letter"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="cannot be read as a CSV file"):
        read_answers(tmp_path / "binary.csv")


def like(row: dict[str, float], questions: int = 400) -> list[Record]:
    """A run with these shares right, in the order of the cells."""
    return [
        answered(number, cell, "A" if 100 * number < share * questions else "B")
        for cell, share in zip(CELLS, row.values(), strict=True)
        for number in range(questions)
    ]


QWEN = {"presence": 51.14, "location": 63.24, "negation": 83.27, "differential": 63.61, "geometric": 66.48}


def test_run_like_a_printed_row_is_not_told_from_it() -> None:
    """Nor shown to be the same, with 400 questions a cell; the paper's 65.55 is the plain mean of its five."""
    sheet = cells_sheet(arm("Qwen25VL", like(QWEN)))
    assert {row["verdict"] for row in sheet.data} == {"cannot tell"}
    assert {row["cell"]: round(100 * float(str(row["published"])), 2) for row in sheet.data}["Avg"] == 65.55
    assert sheet.notes[1].startswith("The published numbers are of a private test set of 41,007 questions")
    assert [item.text for item in sheet.rows[-2] if isinstance(item, Item)][2:4] == ["66.6", "41,007"]
    assert [item.text for item in sheet.rows[-1] if isinstance(item, Item)][1:3] == ["0.00", "0.00"]


def test_run_unlike_a_printed_row_differs() -> None:
    """Twenty points off in every cell; unread replies are counted, and missing ones make a cell incomparable."""
    records = like({cell: share - 20 for cell, share in QWEN.items()})
    records[-1] = changed(records[-1], outcome="declined")
    sheet = cells_sheet(arm("mine", records), "Qwen25VL")
    assert {row["cell"]: row["verdict"] for row in sheet.data} == dict.fromkeys((*CELLS, "Avg"), "differs")
    assert sheet.notes[0].startswith("The row: is not reproduced: Avg differs")
    assert sheet.rows[-1][1] == Item("0.05")  # of 2,000
    gone = cells_sheet(arm("mine", [*records[1:], changed(records[0], outcome="missing")]), "Qwen25VL")
    assert gone.data[0]["why"] == "1 missing" and gone.data[1]["verdict"] == "differs"
    with pytest.raises(DataError, match="no published row is called 'mine'"):
        cells_sheet(arm("mine", records))


def test_summary_of_a_benchmark_without_a_paper_protocol() -> None:
    """Two runs with and without images: what compares is there by our protocol, and the row that one is named after."""
    both = [
        Run(
            name,
            Path(),
            (arm(name, like(QWEN, 20)), arm(name, [changed(r, arm="textonly") for r in like(QWEN, 20)])),
            (),
        )
        for name in ("Qwen25VL", "mine")
    ]
    found = summary(both)
    assert [(row.run, row.cell) for row in found.printed] == [("Qwen25VL", cell) for cell in (*CELLS, "Avg")]
    assert {row.protocol for row in (*found.differences, *found.blind)} == {"strict"}
    assert len(found.differences) == 2 * 6 and {row.difference for row in found.differences} == {0.0}


def test_rare_values_of_free_text_are_one_group() -> None:
    """Categories of fewer than 20 questions together; facets that are no free text keep every value."""
    names = ["Lungs"] * 25 + ["Bone"] * 19 + ["Bones"] * 2
    found = grouped([answered(number, category=name) for number, name in enumerate(names)], "category", Scheme())
    assert {value: one.asked for value, one in found.items()} == {"Lungs": 25, RARE: 21}
    one = grouped([answered(number, category=name) for number, name in enumerate(names[:44])], "category", Scheme())
    assert list(one) == ["Lungs", "Bone"]

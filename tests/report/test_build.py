"""`radvqa report` from the logs to the file."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_support import line, payload_of, write_run
from runs_support import record, records

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.report.build import report

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Answers to all cells of twelve images, with them and without."""
    found = [
        *records(12, lambda image, cell: image % 3 > 0),
        *records(12, lambda image, cell: image % 2 > 0, arm="textonly"),
    ]
    return write_run(tmp_path / "run", [line(one, one.extracted or "knee") for one in found])


def text_of(page: Path) -> str:
    """The page as a reader of its source sees it."""
    return html.unescape(page.read_text(encoding="utf-8"))


def test_page_holds_tables_labels_and_questions(run: Path, tmp_path: Path) -> None:
    """One run with both arms gives the main table, both protocols, what the image adds, and every question."""
    made = report([run], tmp_path / "out" / "report.html", with_images=False)
    text = text_of(made.path)
    assert made.size == made.path.stat().st_size
    for title in (
        "RadImageNet-VQA: accuracy, %",
        "by the paper's protocol",
        "publisher/model: with and without the image",
        "By location: accuracy",
        "Closed+ and Closed- of one image both right",
        "All: open answers judged by rule.",
        "This report was made without images.",
    ):
        assert title in text
    assert len(payload_of(made.path)["questions"]["key"]) == 108


def test_damaged_logs_are_shown_with_their_notes(run: Path, tmp_path: Path) -> None:
    """The sound part of a damaged log is in the page, and so is what was left out."""
    [log] = run.glob("*_pathology_mc.jsonl")
    log.write_text(log.read_text()[:-40])
    made = report([run], tmp_path / "report.html", with_images=False)
    assert any("line 12, the last, is cut off" in note for note in made.notes)
    assert "line 12, the last, is cut off" in text_of(made.path)
    answered = payload_of(made.path)["answers"][0]["outcome"]
    assert answered.count(-1) == 1


def test_runs_that_do_not_compare_are_shown_apart_with_the_reason(run: Path, tmp_path: Path) -> None:
    """A run under another judge is in the main table, but not compared; the page says why."""
    other = [line(record(image, "anatomy_open", judge="llm"), "hip") for image in range(12)]
    made = report([run, write_run(tmp_path / "other", other, "other")], tmp_path / "report.html", with_images=False)
    text = text_of(made.path)
    assert "Not made: other does not compare with publisher/model: their open answers have other judges" in text


def test_published_row_is_found_by_the_runs_name(run: Path, tmp_path: Path) -> None:
    """A run that has a published row's name is set against it; another name is said to have none."""
    results = next(run.glob("*_results.json"))
    unnamed = text_of(report([run], tmp_path / "one.html", with_images=False).path)
    assert "no published row is called 'publisher/model'" in unnamed
    results.write_text(json.dumps(json.loads(results.read_text()) | {"model_name": "Qwen/Qwen2.5-VL-7B-Instruct"}))
    named = text_of(report([run], tmp_path / "two.html", with_images=False).path)
    assert "against the published Qwen2.5-VL-7B-Instruct" in named


def test_protocol_changes_the_main_table(run: Path, tmp_path: Path) -> None:
    """Under the paper's protocol the main table is by its rules, and the strict one is the other."""
    made = report([run], tmp_path / "report.html", with_images=False, scheme=Scheme("paper"))
    summary = text_of(made.path).partition('id="tables"')[0]
    assert "RadImageNet-VQA: accuracy, %, by the paper's protocol" in summary
    assert "The same responses by the strict protocol" in text_of(made.path)


def test_same_runs_give_the_same_file(run: Path, tmp_path: Path) -> None:
    """No date and no order by chance: a page can be compared with an earlier one."""
    one, other = (report([run], tmp_path / name, with_images=False).path.read_bytes() for name in ("a.html", "b.html"))
    assert one == other


def test_file_that_cannot_be_written_is_named(run: Path, tmp_path: Path) -> None:
    """An unwritable place is an error with a remedy, and leaves nothing half-written behind."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunError, match="taken.*Name another file with -o"):
        report([run], tmp_path / "taken", with_images=False)
    assert not list(tmp_path.glob(".*"))


def test_command_prints_where_the_report_is(run: Path, tmp_path: Path) -> None:
    """Path and size on standard output, notes on standard error."""
    output = tmp_path / "report.html"
    result = CliRunner().invoke(main, ["report", str(run), "-o", str(output), "--no_images"])
    assert result.exit_code == 0, result.output
    assert f"The report is {output} (" in result.stdout
    assert "Note: This report was made without images." in result.stderr
    assert output.exists()


def test_other_benchmarks_have_tables_filters_and_images(tmp_path: Path, comparator_copies: dict[str, Path]) -> None:
    """One run's answers to several benchmarks: a table each, one column of answers, images from each local copy."""
    from radimagenet_vqa_tasks.data.rows import question_columns

    found = []
    for family in ("vqarad", "slake"):
        docs = (
            question_columns(BENCHMARKS[family], comparator_copies[family])
            .remove_columns(["images"])
            .select(range(40))
            .to_list()
        )
        shared = ("key", "cluster", "picture", "cell", "format", "fingerprint", "question", "choices", "target")
        scored = {"arm": "image", "version": "1-A", "outcome": "correct", "scores": {"accuracy": 1}}
        found += [{**{name: doc[name] for name in (*shared, "facets")}, **scored} for doc in docs]
    run = write_run(tmp_path / "run", [line(one) for one in found])
    made = report([run], tmp_path / "report.html", copies=comparator_copies)
    assert made.notes == []
    assert all(title in text_of(made.path) for title in ("VQA-RAD: accuracy, %", "SLAKE (English): accuracy, %"))
    payload = payload_of(made.path)
    assert len(payload["arms"]) == 1
    assert "organ" in payload["facets"]
    assert all(payload["questions"]["images"])


def test_sample_images_need_no_network(tmp_path: Path) -> None:
    """A run on the embedded sample gets its images from the package, each once, whatever the host is set to."""
    from radimagenet_vqa_tasks.data.rows import question_columns

    columns = question_columns(BENCHMARKS["radvqa"], sample=True)
    found = [
        record(0, doc["cell"], **{name: doc[name] for name in ("key", "cluster", "picture", "fingerprint")})
        for doc in columns.remove_columns(["images"]).select(range(27)).to_list()
    ]
    run = write_run(tmp_path / "run", [line(one) for one in found], prefix="radvqa_sample_")
    made = report([run], tmp_path / "report.html")
    assert made.notes == []
    assert payload_of(made.path)["questions"]["images"] == [[0]] * 9 + [[1]] * 9 + [[2]] * 9
    assert "the embedded sample, not the benchmark" in text_of(made.path)

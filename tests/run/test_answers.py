"""`radvqa score ANSWERS`: each answer counts for the question that it names, and whatever does not fit is said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from openpyxl import Workbook
from support import lines_of

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import questions_of, row_numbers
from radimagenet_vqa_tasks.data.rows import with_rows
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run.answer_files import Columns, read_answers
from radimagenet_vqa_tasks.run.answers import Account, Scored, score_answers
from radimagenet_vqa_tasks.run.catalogue import chosen

MC, OPEN = "radvqa_sample_anatomy_mc", "radvqa_sample_pathology_open"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def right() -> Rows:
    """The right answers to two of the sample's tasks, with everything that files may hold of them."""
    found = []
    for task, rows in with_rows(chosen(f"{MC},{OPEN}").values(), {}):
        for number, (doc, row) in enumerate(zip(questions_of(task, rows), row_numbers(task, rows), strict=True)):
            found.append(
                {
                    "key": doc["key"],
                    "response": doc["target"],
                    "task": task.name,
                    "index": row,
                    "doc_id": number,
                    "question": doc["question"],
                }
            )
    return found


def as_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def score(path: Path, output: Path, tasks: str = f"{MC},{OPEN}", **columns: str) -> Scored:
    return score_answers(path, chosen(tasks), {}, output, "a model", Columns(**columns))


def only(rows: Rows, *names: str) -> Rows:
    return [{name: row[name] for name in names} for row in rows]


def write(path: Path, rows: Rows) -> Path:
    """The rows in the form that the path's ending says."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".xlsx":
        book = Workbook()
        for row in [list(rows[0]), *(list(row.values()) for row in rows)]:
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif path.suffix == ".jsonl":
        as_jsonl(path, rows)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "xlsx", "parquet"])
def test_every_form_of_file_gives_the_same_run(tmp_path: Path, right: Rows, ending: str) -> None:
    """All answers right, in any form, by key or by the row of the benchmark's own file: eighty records, all correct."""
    for names in (("key", "response"), ("index", "response", "question"), ("index", "response")):
        found = score(write(tmp_path / f"answers.{ending}", only(right, *names)), tmp_path / "-".join(names))
        assert found.account == Account(answers=80, questions=80) and found.account.whole
        records = [line["record"] for line in lines_of(found.logs)]
        assert [record["outcome"] for record in records] == ["correct"] * 80
        assert {record["asked"] for record in records} == {""}


def test_the_run_is_one_like_any_other(tmp_path: Path, right: Rows) -> None:
    """Its folder is read as the host's are: name, sizes, the data's fingerprint, and accuracies in the results."""
    score(as_jsonl(tmp_path / "a.jsonl", right), tmp_path / "run")
    [run] = read_runs([tmp_path / "run"], texts=True)
    [arm] = run.arms
    assert (run.name, run.notes, arm.is_sample, arm.arm) == ("a model", (), True, "image")
    assert arm.records[0].response == arm.records[0].target
    [results] = (tmp_path / "run").glob("*_results.json")
    found = json.loads(results.read_text())
    assert found["results"][MC] == {"alias": MC, "accuracy,none": 1.0, "accuracy_paper,none": 1.0}
    assert (found["answers"]["file"], found["answers"]["answers"]) == ("a.jsonl", 80)
    assert not list((tmp_path / "run").glob(".*"))


def test_whatever_does_not_fit_is_counted_and_said(tmp_path: Path, right: Rows) -> None:
    """Missing, doubled, unknown, empty and null answers: none is guessed, and the command exits with 1."""
    rows = only(right, "key", "response")
    rows[0]["response"] = ""
    rows[1]["response"] = None
    del rows[2]
    rows += [{"key": "no such key", "response": "A"}, dict(rows[5]), {**rows[6], "response": "another"}]
    path = as_jsonl(tmp_path / "a.jsonl", rows)
    found = score(path, tmp_path / "run").account
    assert (found.empty, found.repeated, found.unknown) == (2, 1, ["no such key"])
    assert (found.unanswered, found.contradictory) == ([right[2]["key"]], [rows[6]["key"]])
    by_key = {line["record"]["key"]: line["record"] for line in lines_of((tmp_path / "run").glob("*.jsonl"))}
    shown = [(by_key[key]["outcome"], by_key[key]["reason"]) for key in (rows[0]["key"], rows[1]["key"])]
    assert shown == [("unparsed", "empty"), ("unparsed", "empty")]
    assert (by_key[rows[0]["key"]]["response"], by_key[rows[1]["key"]]["response"]) == ("", None)
    missing = {record["reason"]: record["scores"] for record in by_key.values() if record["outcome"] == "missing"}
    assert missing == {"not_answered": {}, "several_answers": {}}
    result = CliRunner().invoke(main, ["score", str(path), "--tasks", f"{MC},{OPEN}", "-o", str(tmp_path / "again")])
    assert result.exit_code == 1
    for said in (
        "82 answers read",
        "1 questions have no answer",
        "answers that differ",
        "no such key",
        "2 answers are empty",
    ):
        assert said in result.output
    assert "INCOMPLETE" in result.output


def test_arms_are_told_by_the_file_or_by_the_tasks(tmp_path: Path, right: Rows) -> None:
    """With two arms an answer says which it is to, by `arm` or `task`; one that does not is refused, never guessed."""
    both, rows = f"{MC},{MC}_textonly", only(right[:40], "key", "response")
    with pytest.raises(RunError, match=r"line 1 names a question of several tasks .*column 'task' or 'arm'"):
        score(as_jsonl(tmp_path / "a.jsonl", rows), tmp_path / "run", both)
    assert not (tmp_path / "run").exists()
    with_arm = [{**row, "arm": "textonly"} for row in rows]
    found = score(as_jsonl(tmp_path / "a.jsonl", with_arm), tmp_path / "run", both)
    assert found.account.unasked == [MC]
    assert {line["record"]["arm"] for line in lines_of(found.logs)} == {"textonly"}


def test_a_row_that_is_about_another_question_is_refused(tmp_path: Path, right: Rows) -> None:
    """Rows counted from 1, or of another data set, would all be scored against the wrong answers."""
    shifted = [{**row, "index": row["index"] + 1} for row in only(right, "index", "response", "question")]
    with pytest.raises(RunError, match=r"line 1 is about another question than .*Are rows counted from 0"):
        score(as_jsonl(tmp_path / "a.jsonl", shifted), tmp_path / "run", "radvqa_sample")


def as_log(folder: Path, rows: Rows, task: str = MC) -> Path:
    """A sample log of the host without records, as `--predict_only` leaves it."""
    lines = [
        {
            "doc_id": row["doc_id"],
            "target": row["response"],
            "filtered_resps": row["response"],
            "input": row["question"],
        }
        for row in rows
        if row["task"] == task
    ]
    folder.mkdir(exist_ok=True)
    return as_jsonl(folder / f"20260101_120000_samples_{task}.jsonl", lines)


def test_the_hosts_logs_are_answers_too(tmp_path: Path, right: Rows) -> None:
    """Logs without records are scored by their questions' numbers; without words, a request may have failed."""
    log = as_log(tmp_path / "logs", right)
    assert score(log, tmp_path / "one").account.whole
    text = log.read_text(encoding="utf-8").replace('"filtered_resps": "A"', '"filtered_resps": ""')
    log.write_text(text, encoding="utf-8")
    found = score(tmp_path / "logs", tmp_path / "two")
    assert found.account.failed == text.count('"filtered_resps": ""') > 0
    assert {line["record"]["outcome"] for line in lines_of(found.logs)} == {"correct", "missing"}
    log.write_text(text.replace('"target": "B"', '"target": "C"'), encoding="utf-8")
    with pytest.raises(RunError, match="is about another question"):
        score(tmp_path / "logs", tmp_path / "three")


def test_logs_with_records_keep_what_was_asked(tmp_path: Path, right: Rows) -> None:
    """A run of this pack can be scored as answers: `asked` stays, and a request that failed is no answer."""
    first = score(as_jsonl(tmp_path / "a.jsonl", only(right[:39], "key", "response")), tmp_path / "one", MC)
    [log] = first.logs
    log.write_text(log.read_text().replace('"asked": ""', '"asked": "abc"'))
    found = score(log, tmp_path / "two", MC)
    assert found.account.failed == 1 and found.account.unanswered == []
    assert {line["record"]["asked"] for line in lines_of(found.logs)} == {"abc", ""}


# Shapes that other tools write, made up here: which columns there are, and what is scored.
OTHERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    # A table with an index, the question, the right answer and the prediction.
    "predictions.xlsx": lambda row: {
        "index": row["index"],
        "question": row["question"],
        "A": "one",
        "answer": "the right one",
        "prediction": row["response"],
    },
    # A list of samples, each with the question as it was asked, the right answer and the response.
    "results.json": lambda row: {
        "index": row["index"],
        "question": f"Question: {row['question']}\nOptions:",
        "answer": "the right one",
        "response": row["response"],
        "correct": True,
    },
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_tools_files_are_read(tmp_path: Path, right: Rows, name: str) -> None:
    """An index and a response are enough; their column of right answers is never taken for the model's."""
    found = score(write(tmp_path / name, [OTHERS[name](row) for row in right]), tmp_path / "run")
    assert found.account.whole
    assert {line["record"]["outcome"] for line in lines_of(found.logs)} == {"correct"}


def test_columns_of_other_names_can_be_named(tmp_path: Path, right: Rows) -> None:
    """A document of objects under their keys, and columns that are called otherwise."""
    held = {row["key"]: {"answer": row["response"]} for row in right}
    (tmp_path / "a.json").write_text(json.dumps(held))
    assert score(tmp_path / "a.json", tmp_path / "one", response="answer").account.whole
    renamed = [{"id": row["key"], "said": row["response"]} for row in right]
    path = as_jsonl(tmp_path / "b.jsonl", renamed)
    assert score(path, tmp_path / "two", key="id", response="said").account.whole


HOSTILE = {
    "empty.jsonl": (b"", "holds no answers"),
    "cut.jsonl": (b'{"key": "a", "response": "b"}\n{"key": "a", "resp', "line 2 is no JSON"),
    "list.jsonl": (b'["key"]\n', "line 1 is no JSON object"),
    "deep.jsonl": (b'{"key": ' + b"[" * 100_000 + b"\n", "line 1 is no JSON"),
    "twice.jsonl": (b'{"key": "a", "response": "b", "response": "c"}\n', "has the field 'response' twice"),
    "number.jsonl": (b'{"key": "a", "response": 3}\n', "'response' is no text (3)"),
    "truth.jsonl": (b'{"key": true, "response": "b"}\n', "'key' is no key (True)"),
    "infinite.jsonl": (b'{"index": 1e999, "response": "b"}\n', "'index' is no row number (inf)"),
    "between.jsonl": (b'{"index": 1.5, "response": "b"}\n', "'index' is no row number (1.5)"),
    "unknown.jsonl": (b'{"key": "a", "answer": "b"}\n', "says nothing of the model's words"),
    "both.jsonl": (b'{"key": "a", "response": "b", "prediction": "c"}\n', "name the one that counts"),
    "nameless.csv": (b"question,response\na,b\n", "says nothing of the question"),
    "twice.csv": (b"key,response,response\na,b,c\n", "has the column 'response' twice"),
    "long.csv": (b"key,response\na,b,c\n", "line 2 has 3 fields; the first line names 2"),
    "quoted.csv": (b'key,response\na,"b', "cannot be read"),
    "latin.csv": (b"key,response\na,\xff\n", "cannot be read as csv"),
    "noise.parquet": (b"PAR1 and nothing", "cannot be read as Parquet"),
    "sheet.xlsx": (b"PK", "cannot be read as Excel"),
    "words.docx": (b"PK", "is none of .jsonl, .json, .csv, .tsv, .xlsx, .parquet"),
    "text.json": (b'"words"', "is no list of answers"),
    "values.json": (b'{"a": "b"}', "is no list of answers"),
    "20260101_120000_samples_x.jsonl": (
        b'{"doc_id": 1, "filtered_resps": ["a", "b"]}\n',
        "holds no response, or several",
    ),
    "20260101_120000_samples_y.jsonl": (b'{"record": {"key": "a"}}\n', "line 1 lacks"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_not_sound_is_one_message(tmp_path: Path, name: str) -> None:
    """Cut, nested, doubled, wrong and unreadable: each names the file, the place and what is wrong."""
    content, said = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError) as error:
        read_answers(tmp_path / name)
    assert said in str(error.value) and name in str(error.value)


def test_hostile_answers_are_scored_as_what_they_are(tmp_path: Path, right: Rows) -> None:
    """Huge, NUL, right-to-left, lone surrogates, mark-up: scored, logged and printed, and none is right."""
    words = [
        "B" * 200_000,
        "\0",
        "\u202egnihton",
        "yes \ud83d",
        "[bold]both[/bold]",
        '{"record": 1}',
        "<think>" * 1000,
    ]
    rows = [
        {**row, "response": words[number % len(words)]} for number, row in enumerate(only(right, "key", "response"))
    ]
    rows.append({"key": "[red]\u202e\x1b[31m", "response": "A"})
    path = as_jsonl(tmp_path / "a.jsonl", rows)
    result = CliRunner().invoke(main, ["score", str(path), "--tasks", f"{MC},{OPEN}", "-o", str(tmp_path / "run")])
    assert result.exit_code == 1 and "\x1b[31m" not in result.output and "[red]" in result.output
    outcomes = {line["record"]["outcome"] for line in lines_of((tmp_path / "run").glob("*.jsonl"))}
    assert outcomes <= {"incorrect", "unparsed"}


def test_what_a_command_lacks_is_said(tmp_path: Path, right: Rows) -> None:
    """A file without --tasks, tasks that are none, answers to nothing: one line each."""
    path = as_jsonl(tmp_path / "a.jsonl", [{"key": "x", "response": "A"}])
    for options, said in (
        ([], "name what it answers with --tasks"),
        (["--tasks", "radvqa_sampel"], "Did you mean"),
        (["--tasks", MC], "answers no question of these tasks"),
    ):
        result = CliRunner().invoke(main, ["score", str(path), *options])
        assert result.exit_code == 1 and said in result.output.replace("\n", " ")

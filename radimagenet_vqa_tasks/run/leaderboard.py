"""The file of predictions that a benchmark's public leaderboard takes, written from a run; `radvqa score` reads it.

ReXrank's example is a dict of records, one of them shown, each with the question, its lettered options, the right
letter and `model_prediction`. Study ids, by which the example names its record, are not unique among questions; the
questions' own ids are, so they are the names here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.runs import load_run
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question
from radimagenet_vqa_tasks.data.adapter import adapted, data_fingerprint, raise_faults
from radimagenet_vqa_tasks.data.rows import data_parts
from radimagenet_vqa_tasks.data.sources import Copies, local_copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain

_Lettered = Annotated[str, Meta(pattern=r"^[A-Z]\. ")]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One record of the file, as the leaderboard's example has it."""

    image_path: Annotated[list[str], Meta(min_length=1)]
    frontal_lateral: list[str]
    split: str
    study_id: str
    question: str
    options: Annotated[list[_Lettered], Meta(min_length=2)]
    correct_answer: Annotated[str, Meta(pattern=r"^[A-Z]$")]
    category: str
    subcategory: str
    model_prediction: Annotated[str, Meta(pattern=r"^[A-Z]?$")]


def write(run: str, output: Path, copies: Copies, *, partial: bool = False) -> str:
    """Write a run's predictions, and say in one sentence what was written.

    Args:
        partial: write what there is, where not every question has an answer; a leaderboard will not take it.

    Raises RunError where the run is of no benchmark with a leaderboard, of other data, or not whole.
    """
    found = load_run(run)
    arms = [arm for arm in found.arms if arm.benchmark.prediction and arm.with_image]
    if len(arms) != 1:
        raise RunError(
            f"{plain(run, None)} holds answers to {len(arms)} benchmarks that have a leaderboard; one is needed."
        )
    [arm] = arms
    questions = _questions(arm, copies)
    answers = {record.key: record for record in arm.records if record.outcome != "missing"}
    left = [key for key in questions if key not in answers]
    if left and not partial:
        raise RunError(
            f"{len(left):,} of {len(questions):,} questions have no answer in {plain(run, None)}, {plain(left[0])} for "
            "one. The leaderboard takes all; the same `radvqa run` asks the rest. (--partial writes what there is.)"
        )
    chosen = {key: questions[key] for key in questions if key in answers}
    letters = {key: answers[key].extracted or "" for key in chosen}
    text = _document(arm.benchmark, chosen, letters)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {plain(output, None)}: {error.strerror or error}.") from error
    empty = sum(not letter for letter in letters.values())
    said = f"{len(chosen):,} predictions, {empty:,} of them empty because no letter could be read"
    return f"{said}, in {plain(output, None)}"


def _questions(arm: Arm, copies: Copies) -> dict[str, Question]:
    """The questions of the data that the run was of, by key; no image is needed. Raises RunError, DataError."""
    benchmark = arm.benchmark
    source = benchmark.source.name
    found: dict[str, Question] = {}
    with local_copies(copies):
        for rows in data_parts(benchmark, copies.get(source)):
            part = adapted(benchmark, rows)
            raise_faults(part.faults, benchmark)
            if data_fingerprint(benchmark, part) != arm.fingerprint:
                raise RunError(
                    f"the run is of other data than these (fingerprints {arm.fingerprint} and "
                    f"{data_fingerprint(benchmark, part)}). Name its data with --data {source}=PATH."
                )
            found |= {one.key: one for one in part.questions}
    return found


def _document(benchmark: Benchmark, questions: Mapping[str, Question], letters: Mapping[str, str]) -> str:
    """The file's text, checked against the example's form. Raises RunError."""
    assert benchmark.prediction
    entries = {key: benchmark.prediction(one, letters[key]) for key, one in questions.items()}
    for key, entry in entries.items():
        try:
            msgspec.convert(entry, Entry)
        except msgspec.ValidationError as error:
            raise RunError(f"question {plain(key)} does not fit into the leaderboard's form: {error}") from error
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"

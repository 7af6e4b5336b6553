"""`radvqa score ANSWERS`: answers that were given elsewhere become a run like any other. No model is needed.

An answer counts for the one question that it names. Nothing is guessed: a question with no answer, or with several that
differ, is `missing` and left out of every number, which then says so.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.data.adapter import questions_of, row_numbers
from radimagenet_vqa_tasks.data.questions import IMAGES
from radimagenet_vqa_tasks.data.rows import with_rows
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.run.answer_files import USUAL, Columns, Given, read_answers
from radimagenet_vqa_tasks.run.folder import write_run
from radimagenet_vqa_tasks.run.questions import prompt_of
from radimagenet_vqa_tasks.scoring.late import settled
from radimagenet_vqa_tasks.scoring.outcomes import process_results
from radimagenet_vqa_tasks.scoring.response import Response
from radimagenet_vqa_tasks.tasks import Task

NOT_ANSWERED, SEVERAL_ANSWERS, FAILED = "not_answered", "several_answers", "request_failed"
SHOWN = 3  # examples of what does not fit


@dataclass
class Account:
    """What became of a file's answers.

    Attributes:
        answers: in the file.
        questions: of the tasks that have answers.
        unknown: keys, indices or arms that name no question of the tasks, in the file's words.
        repeated: answers that repeat another one, word for word.
        contradictory: questions that have several answers which differ; none of them counts.
        failed: questions of which the file only says that their request failed, or may have failed.
        unanswered: questions that the file says nothing of.
        empty: answers without words; they are the model's, and count as wrong.
        unasked: tasks without a single answer; they are left out.
    """

    answers: int
    questions: int = 0
    unknown: list[str] = field(default_factory=list)
    repeated: int = 0
    contradictory: list[str] = field(default_factory=list)
    failed: int = 0
    unanswered: list[str] = field(default_factory=list)
    empty: int = 0
    unasked: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether each question has its one answer, and each answer its question."""
        return not (self.unknown or self.contradictory or self.failed or self.unanswered)

    def said(self) -> Iterator[str]:
        """A sentence for everything."""
        yield f"{self.answers:,} answers read, for {self.questions:,} questions."
        if self.unanswered:
            yield f"{len(self.unanswered):,} questions have no answer ({_some(self.unanswered)}): missing."
        if self.contradictory:
            yield (
                f"{len(self.contradictory):,} questions have answers that differ ({_some(self.contradictory)}): none "
                "counts, missing."
            )
        if self.failed:
            yield f"{self.failed:,} requests failed or brought no words, as the log has it: missing."
        if self.unknown:
            yield f"{len(self.unknown):,} answers name no question of these tasks ({_some(self.unknown)}): not counted."
        if self.repeated:
            yield f"{self.repeated:,} answers repeat another word for word: counted once."
        if self.empty:
            yield f"{self.empty:,} answers are empty: unparsed."
        if self.unasked:
            yield f"{len(self.unasked):,} tasks have no answers and are left out ({_some(self.unasked)})."


@dataclass(frozen=True)
class Scored:
    """A run that was made of answers."""

    logs: tuple[Path, ...]
    account: Account


def score_answers(
    path: Path, tasks: Mapping[str, Task], copies: Copies, output: Path, name: str, columns: Columns = USUAL
) -> Scored:
    """Score a file of answers to these tasks and write the run into a folder.

    `copies` are local copies of data sets, `name` is what the run is called. Raises RunError or DataError; nothing is
    written then.
    """
    given = read_answers(path, columns)
    if any(task.cell.format == "open" for task in tasks.values()):
        chosen()  # a judge that cannot be had is an error now
    asked = _Questions(tasks, copies)
    account = Account(len(given))
    answers = asked.matched(given, account)
    if not answers:
        raise RunError(f"{plain(path, None)} answers no question of these tasks. {' '.join(account.said())}")
    samples = {task: list(_lines(asked, task, answers, account)) for task in asked.answered(answers, account)}
    for lines in samples.values():
        for line in lines:
            line.update({key: dict(settled(value)) for key, value in line.items() if isinstance(value, dict)})
    config = {"model": "answers", "model_args": f"name={name}", "resolved_cli_args": {"timezone": "UTC"}}
    counted = {key: len(value) if isinstance(value, list) else value for key, value in vars(account).items()}
    source = {"file": path.name, "sha256": _digest(path), **counted}
    described = {"config": config, "model_name": name, "model_source": "answers", "answers": source}
    return Scored(write_run(output, samples, described), account)


_Place = tuple[str, int]  # a task's name, and the number of the question in it


class _Questions:
    """The questions of some tasks, and which of them an answer belongs to."""

    def __init__(self, tasks: Mapping[str, Task], copies: Copies) -> None:
        self.tasks = tasks
        self.docs: dict[str, list[dict[str, Any]]] = {}
        self._by_key: dict[str, list[_Place]] = defaultdict(list)
        self._by_row: dict[int, list[_Place]] = defaultdict(list)
        for task, rows in with_rows(tasks.values(), copies):
            questions = questions_of(task, rows, with_images=False)
            self.docs[task.name] = questions.remove_columns(
                [name for name in (IMAGES,) if name in questions.column_names]
            ).to_list()
            for number, (doc, row) in enumerate(zip(self.docs[task.name], row_numbers(task, rows), strict=True)):
                self._by_key[doc["key"]].append((task.name, number))
                self._by_row[row].append((task.name, number))

    def doc(self, place: _Place) -> Mapping[str, Any]:
        """The question at a place."""
        return self.docs[place[0]][place[1]]

    def matched(self, given: Iterable[Given], account: Account) -> dict[_Place, list[Given]]:
        """The answers by the question that they name. Raises RunError where one names several, or another one."""
        found: dict[_Place, list[Given]] = defaultdict(list)
        for one in given:
            places = self._places(one)
            if len(places) > 1:
                named = ", ".join(task for task, _ in places[:4])
                raise RunError(
                    f"{one.place} names a question of several tasks ({named}). Tell them by a column 'task' or 'arm', "
                    "or name fewer tasks."
                )
            if not places:
                account.unknown.append(_name_of(one))
                continue
            self._check(one, self.doc(places[0]))
            found[places[0]].append(one)
        return found

    def answered(self, answers: Mapping[_Place, Sequence[Given]], account: Account) -> list[str]:
        """The tasks that have answers."""
        named = {task for task, _ in answers}
        account.unasked = [task for task in self.tasks if task not in named]
        return [task for task in self.tasks if task in named]

    def _places(self, one: Given) -> list[_Place]:
        if one.doc_id is not None:
            held = self.docs.get(one.task or "", ())
            return [(str(one.task), one.doc_id)] if 0 <= one.doc_id < len(held) else []
        places = self._by_key.get(one.key, []) if one.key is not None else self._by_row.get(one.index or 0, [])
        return [
            place for place in places if one.task in (None, place[0]) and one.arm in (None, self.tasks[place[0]].arm)
        ]

    def _check(self, one: Given, doc: Mapping[str, Any]) -> None:
        """Raise RunError where the file has another question at this place."""
        if one.key is not None:
            return
        other = one.question is not None and _folded(doc["question"]) not in _folded(one.question)
        if other or (one.target is not None and one.target != doc["target"]):
            raise RunError(
                f"{one.place} is about another question than {doc['key']!r}, which has that number in the data at hand "
                f"({plain(doc['question'])!r}). Are rows counted from 0, and is it the same data set and split?"
            )


def _lines(
    asked: _Questions, task: str, answers: Mapping[_Place, Sequence[Given]], account: Account
) -> Iterator[dict[str, Any]]:
    """The lines of a task's sample log."""
    for number, doc in enumerate(asked.docs[task]):
        response = _response(doc["key"], answers.get((task, number), ()), account)
        account.questions += 1
        yield {
            "doc_id": number,
            "target": doc["target"],
            "filtered_resps": str(response),
            **process_results(doc, [response]),
            "input": prompt_of(asked.tasks[task], doc),
        }


def _response(key: str, given: Sequence[Given], account: Account) -> Response:
    """The response to a question, from all that the file says of it."""
    answered = [one for one in given if not one.failed]
    if not answered:
        if given:
            account.failed += 1
            return Response(None, missing=FAILED)
        account.unanswered.append(key)
        return Response(None, missing=NOT_ANSWERED)
    if len({one.response for one in answered}) > 1:
        account.contradictory.append(key)
        return Response(None, missing=SEVERAL_ANSWERS)
    account.repeated += len(answered) - 1
    account.empty += not (answered[0].response or "").strip()
    return Response(answered[0].response, asked=answered[0].asked)


def _name_of(one: Given) -> str:
    named = one.key if one.key is not None else f"row {one.index if one.doc_id is None else one.doc_id}"
    return " ".join(str(part) for part in (named, one.arm, one.task) if part)


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return f"{', '.join(plain(name, 60) for name in names[:SHOWN])}{more}"


def _folded(text: str) -> str:
    return "".join(text.split())


def _digest(path: Path) -> str | None:
    """Of a file of answers, so that one can tell later which it was."""
    if path.is_dir():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

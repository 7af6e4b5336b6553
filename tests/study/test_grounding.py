"""Whether a model looks, through the real runner: models whose numbers are known beforehand, and one that sees."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support import TINY_MODEL

from radimagenet_vqa_tasks.analysis.grounding import Grounding, grounding
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.runs import read_logs, read_runs
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import Question
from radimagenet_vqa_tasks.data.rows import questions_of
from radimagenet_vqa_tasks.models.guessing import candidates
from radimagenet_vqa_tasks.models.prior import Prior, answer
from radimagenet_vqa_tasks.run import evaluation
from radimagenet_vqa_tasks.scoring.record import ARMS
from radimagenet_vqa_tasks.study import commands
from radimagenet_vqa_tasks.study.commands import Asked
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for

pytestmark = pytest.mark.host

TINY = f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"
CONSTANT = {"mc": "A", "closed": "yes"}
SAMPLE = ["radvqa_sample"]


@dataclass(frozen=True)
class Shown:
    """What the study printed and left."""

    asked: Asked
    printed: str
    said: str


def show(asked: Asked, benchmarks: Sequence[str] = SAMPLE, study: Any = None) -> Shown:
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as said:
        if study:
            study(asked, benchmarks)
        else:
            commands.grounding(asked, benchmarks, ARMS)
    return Shown(asked, printed.getvalue(), said.getvalue())


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The study of the prior on the sample, in all five arms."""
    output = tmp_path_factory.mktemp("grounding")
    return show(Asked(("--model", "radvqa_prior"), (), (), output, "json", Scheme()))


@pytest.fixture(scope="module")
def swapped() -> dict[str, list[Question]]:
    """The sample's swapped questions that tell what is followed, by cell."""
    found: dict[str, list[Question]] = {}
    for one, _ in questions_of(MAIN, "swapped", sample=True):
        right = one.shown.target if one.shown else None
        can_be = candidates(one.cell, one.format, one.choices, one.question)
        if one.cell == "pathology_open":  # judged by the labels of the image's own region
            can_be = [NO_PATHOLOGY, *(label.name for label in labels_for(str(one.facets["location"])))]
        if right in can_be and right != one.target:
            found.setdefault(one.cell, []).append(one)
    return found


def measured(output: Path, model: Sequence[str], cells: Sequence[str], arms: Sequence[str]) -> Grounding:
    """The numbers of a run on some cells of the sample."""
    tasks = ",".join(f"radvqa_sample_{cell}{'' if arm == 'image' else f'_{arm}'}" for cell in cells for arm in arms)
    result = evaluation.run([*model, "--tasks", tasks, "--output_path", str(output)])
    assert result is not None
    return grounding({arm.arm: arm for arm in read_logs(result.sample_logs).arms}, Scheme())


def test_prior_has_its_analytic_values_exactly(prior: Shown, swapped: dict[str, list[Question]]) -> None:
    """Right from the text alone: no gain, the same answers, no effect; the shares follow from the questions."""
    [run] = read_runs([prior.asked.output])
    found = grounding({arm.arm: arm for arm in run.arms}, Scheme())
    assert {one.difference.value for one in found.gains} == {0}
    assert {one.estimate.value for one in found.same} == {1}
    assert {one.answered.value for one in found.mirages} == {1}
    said = {record.key: record.response for record in read_runs([prior.asked.output], texts=True)[0].records}
    for one in found.follows:
        answers = [(str(said[question.key]).casefold(), question) for question in swapped[one.cell]]
        assert one.shown.value == sum(a == q.shown.target.casefold() for a, q in answers if q.shown) / len(answers)  # type: ignore[union-attr]
        assert one.own.value == sum(a == q.target.casefold() for a, q in answers) / len(answers)
        assert one.effect.value == 0


def test_constant_model_has_its_analytic_values_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: dict[str, list[Question]]
) -> None:
    """Always A and always yes: right as often as that is the answer, for the own image and for the shown one."""
    monkeypatch.setattr(Prior, "answer", lambda self, request: "A" if "Options" in request.args[0] else "yes")
    cells = ("anatomy_mc", "pathology_closed_pos")
    found = measured(tmp_path, ("--model", "radvqa_prior"), cells, ("image", "blank", "swapped"))
    own = {cell: [one for one, _ in questions_of(MAIN, "image", sample=True) if one.cell == cell] for cell in cells}
    for gain in found.gains:
        if gain.cell != AVG:
            right = sum(one.target == CONSTANT[one.format] for one in own[gain.cell]) / 40
            assert (gain.seen, gain.unseen, gain.difference.value, gain.corrected) == (right, right, 0, 0)
    for one in found.follows:
        telling, said = swapped[one.cell], CONSTANT[swapped[one.cell][0].format]
        assert one.shown.value == sum(said == q.shown.target for q in telling if q.shown) / len(telling)
        assert one.own.value == sum(said == q.target for q in telling) / len(telling)
        assert (one.effect.value, one.shown.n) == (0, len(telling))


def test_tiny_model_follows_the_image_that_is_shown(tmp_path: Path, prior: Shown) -> None:
    """Its open answers about anatomy are right for the other image and not for the own one; the prior's are not."""
    model = ("--model", "qwen2_5_vl", "--batch_size", "20", "--model_args", TINY)
    found = measured(tmp_path, model, ["anatomy_open"], ("image", "swapped"))
    [follows] = found.follows
    # The sample's eight scans are too few for a test: the shares and their direction are what there is.
    assert follows.shown.low > follows.chance > follows.own.low and follows.own.value < 0.2
    assert follows.lean.value > 0.5 and follows.effect.value > 0.5 and follows.effect.losses == 0
    [of_prior] = [row for row in rows(prior, "what answers follow") if row["cell"] == "anatomy_open"]
    assert of_prior["effect"] == 0 and of_prior["lean_low"] < 0 < of_prior["lean_high"]


def rows(shown: Shown, title: str) -> list[dict[str, Any]]:
    """The rows of the table whose title has these words."""
    [found] = [table["rows"] for table in json.loads(shown.printed)["tables"] if title in table["title"]]
    return list(found)


def test_study_says_the_cost_and_asks_the_same_once(prior: Shown) -> None:
    """360 questions five times; what is the same text with the same image, or without one, is sent once."""
    said = prior.said.partition("Asking")
    assert all(number in said[0] for number in ("360", "1,800", "1,457", "1,031", "with other images"))
    assert "1457/1457" in said[2]


def test_study_leaves_words_tables_figures_and_examples(prior: Shown) -> None:
    """The line is first; what is in the folder links to what is there."""
    assert prior.printed.index("Does it look") < prior.printed.index("what the image adds")
    page = (prior.asked.output / "grounding.md").read_text(encoding="utf-8")
    for name in ("arms-1.svg", "follows-1.svg"):
        assert f"]({name})" in page and (prior.asked.output / name).is_file()
    examples = (prior.asked.output / "examples.md").read_text(encoding="utf-8")
    for kind in ("The answer goes with the image", "The answer stays though", "Answered as if there were an image"):
        assert kind in examples
    assert "right for the other image: " in examples


def test_finished_study_is_shown_again_and_by_the_shortcuts(prior: Shown, tmp_path: Path) -> None:
    """The same command asks nothing, --runs shows the same, and `study shortcuts` makes its figures of the same run."""
    again = show(prior.asked)
    assert again.printed == prior.printed and "answered before" in again.said
    finished = replace(prior.asked, options=(), runs=(str(prior.asked.output),), output=tmp_path)
    assert show(finished, ()).printed == prior.printed
    shortcuts = show(finished, SAMPLE, commands.shortcuts)
    gains = {row["cell"]: row for row in rows(shortcuts, "with and without the image")}
    for row in rows(prior, "what the image adds"):
        if row["arm"] == "textonly":
            assert (row["gain"], row["low"], row["high"], row["own"]) == tuple(
                gains[row["cell"]][name] for name in ("gain", "low", "high", "with_image")
            )
    assert {path.stem for path in tmp_path.glob("*.svg")} >= {"figure-4", "figure-10"}


def test_answers_of_the_prior_are_from_the_text() -> None:
    """What the analytic values rest on."""
    assert answer("What is it?\nOptions: \nA. x\nB. abdomen\nA letter.") == "B"

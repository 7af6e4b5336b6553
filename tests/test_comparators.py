"""VQA-RAD, SLAKE and MMMU's medical subjects through the real runner, with and without images: one run, many looks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support import lines_of

from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, BENCHMARKS
from radimagenet_vqa_tasks.models.chance import Chance
from radimagenet_vqa_tasks.run import catalogue
from radimagenet_vqa_tasks.run.evaluation import RunResult, run
from radimagenet_vqa_tasks.scoring.outcomes import score

pytestmark = pytest.mark.host

GROUPS = {"radvqa_vqarad": 2, "radvqa_slake": 2, "radvqa_slake_zh": 2, "radvqa_mmmu_med_mc": 5}  # tasks in each
LIMIT = 20
LOOKED_AT = 7  # questions of each task whose images are decoded


@pytest.fixture(scope="module")
def shown() -> dict[str, dict[int, tuple[str, ...]]]:
    """The modes of the images that the model was shown, by task and question: they are not asked in their order."""
    return defaultdict(dict)


@pytest.fixture(scope="module")
def result(
    tmp_path_factory: pytest.TempPathFactory,
    comparator_copies: dict[str, Path],
    shown: dict[str, dict[int, tuple[str, ...]]],
) -> Iterator[RunResult]:
    """The chance model, which looks at the first images of each task, on the first questions of all groups."""
    guess = Chance.answer

    def look(self: Chance, request: Any) -> str:
        doc_to_visual, doc_id, task, split = request.args[2], *request.args[-3:]
        if doc_id < LOOKED_AT:
            modes = tuple(image.mode for image in doc_to_visual(self.task_dict[task][split][doc_id]))
            shown[task][doc_id] = modes
        return guess(self, request)

    names = [f"{group}{arm}" for group in GROUPS for arm in ("", "_textonly")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Chance, "answer", look)
        arguments = ["--model", "radvqa_chance", "--tasks", ",".join(names), "--limit", str(LIMIT)]
        found = run([*arguments, "--output_path", str(tmp_path_factory.mktemp("runs"))], comparator_copies)
    assert found is not None
    yield found


def records(result: RunResult) -> list[dict[str, Any]]:
    return [line["record"] for line in lines_of(result.sample_logs)]


def test_questions_are_asked_in_both_arms(result: RunResult) -> None:
    """Each family's questions, once with and once without images, under its own cells."""
    found = Counter((BENCHMARK_OF[record["cell"]].name, record["arm"]) for record in records(result))
    assert found == {
        (group.removeprefix("radvqa_").removesuffix("_mc"), arm): tasks * LIMIT
        for group, tasks in GROUPS.items()
        for arm in ("image", "textonly")
    }
    assert len({(record["cell"], record["key"], record["arm"]) for record in records(result)}) == found.total()


def test_images_are_shown_as_rgb_and_only_where_they_are_asked_for(
    result: RunResult, shown: dict[str, dict[int, tuple[str, ...]]]
) -> None:
    """CMYK, 16-bit, palette and grey files, one to three a question; text-only questions show nothing."""
    assert set(shown) == {log.name.partition("_samples_")[2].removesuffix(".jsonl") for log in result.sample_logs}
    for task, modes in shown.items():
        assert len(modes) == LOOKED_AT
        if task.endswith("_textonly"):
            assert set(modes.values()) == {()}
        else:
            assert {mode for question in modes.values() for mode in question} == {"RGB"}
    assert [len(modes) for _, modes in sorted(shown["radvqa_mmmu_med_mc_pharmacy"].items())] == [1, 1, 1, 2, 1, 1, 3]


def test_records_say_what_analysis_needs(result: RunResult) -> None:
    """The promised facets, one fingerprint a data set, and a judge's name on every open answer and no other."""
    fingerprints = defaultdict(set)
    for record in records(result):
        family = BENCHMARK_OF[record["cell"]]
        assert set(family.facets) == set(record["facets"])
        assert record["judge"] == ("rule" if record["format"] == "open" else None)
        fingerprints[family.name if family.one_data_set else record["cell"]].add(record["fingerprint"])
    assert all(len(found) == 1 for found in fingerprints.values())
    # The two languages of SLAKE are one data set.
    assert len(set.union(*fingerprints.values())) == len(fingerprints) - 1 == 2 + 5


def test_logged_scores_follow_from_the_logged_response(result: RunResult) -> None:
    """Scoring a logged response again gives the logged outcome, under both protocols."""
    for line in lines_of(result.sample_logs):
        record = line["record"]
        scored = score(record, line["filtered_resps"])
        assert (scored.outcome, scored.extracted) == (record["outcome"], record["extracted"])
        assert line["accuracy"]["score"] == (scored.outcome == "correct")
        assert line.get("accuracy_paper", {}).get("score") == scored.in_paper


def test_groups_are_the_mean_of_their_cells_with_clustered_errors(result: RunResult) -> None:
    """Every group has its unweighted mean, every cell a standard error that is clustered on images."""
    results = result.results["results"]
    for group in GROUPS:
        cells = list(BENCHMARKS[group.removeprefix("radvqa_").removesuffix("_mc")].cells)
        values = [results[f"radvqa_{cell}"]["accuracy,none"] for cell in cells]
        assert results[group]["accuracy,none"] == pytest.approx(sum(values) / len(values))
        assert all("accuracy_stderr_clustered,none" in results[f"radvqa_{cell}"] for cell in cells)


def test_preparing_the_text_only_tasks_opens_no_image(
    comparator_copies: dict[str, Path], result: RunResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A whole text-only run never opens a picture."""
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("an image was opened"))
    tasks = ",".join(f"{group}_textonly" for group in GROUPS)
    arguments = ["--model", "radvqa_chance", "--tasks", tasks, "--limit", "2", "--output_path", str(tmp_path)]
    assert run(arguments, comparator_copies)


def test_names_are_not_the_hosts() -> None:
    """The host's own tasks win over a pack's of the same name, without a word: every name it defines is looked at."""
    import lmms_eval.tasks

    files = list(Path(lmms_eval.tasks.__file__).parent.rglob("*.yaml"))
    named = re.compile(r"^(?:task|group|tag):[ \"']*([^\s\"']+)", re.MULTILINE)
    theirs = {name for file in files for name in named.findall(file.read_text(encoding="utf-8"))}
    assert {"slake_en", "mmmu_val"} <= theirs
    assert not theirs & set(catalogue.names())

"""CT-Bench's captions: questions, scores that arrive together, the tables, and a run of everything."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ctbench_standin
import msgspec
import pytest
from click.testing import CliRunner
from datasets import Dataset
from support import TINY_MODEL, lines_of

from radimagenet_vqa_tasks.analysis.captions import bootstrap, caption_rows, caption_sheets, difference_rows
from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.data.sources import local_copies
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.run.evaluation import run
from radimagenet_vqa_tasks.scoring import captions
from radimagenet_vqa_tasks.scoring.late import settled
from radimagenet_vqa_tasks.scoring.outcomes import process_results
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.scoring.response import Response
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_text, doc_to_visual

CAPTIONS = BENCHMARKS["ctbench_caption"]
DOC = {
    "question": "Describe it.",
    "choices": [],
    "target": "A nodule.",
    "format": "caption",
    "key": "bbox:1",
    "cluster": "1",
    "cell": "ctbench_caption_bbox",
    "facets": {},
    "fingerprint": "0",
    "arm": "image",
}


@pytest.fixture(autouse=True)
def measures(monkeypatch: pytest.MonkeyPatch, comparator_copies: dict[str, Path]) -> Iterator[list[int]]:
    """Metrics that take no library: the share of the reference's words that are there. How many came together."""
    batches: list[int] = []

    def overlap(ours: list[str], theirs: list[str]) -> list[float]:
        batches.append(len(ours))
        pairs = zip(ours, theirs, strict=True)
        return [len({*one.split()} & {*other.split()}) / len({*other.split()}) for one, other in pairs]

    monkeypatch.setattr(captions, "_measures", lambda: dict.fromkeys(captions.METRICS, overlap))
    monkeypatch.setattr(captions, "versions", lambda: "overlap 1")
    with local_copies({"ctbench": comparator_copies["ctbench"]}):
        yield batches


def table(rows: list[dict[str, str]]) -> Dataset:
    """Metadata.csv as the task files load it."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return Dataset.from_dict({"text": [file.getvalue()]})


def test_lesions_of_the_test_split_are_asked_about_twice() -> None:
    """3,197 with the box and 3,197 without, by either name that a picture may have; the prompt is the script's."""
    every = every_question(CAPTIONS, table(ctbench_standin.lesion_rows()))
    assert Counter(every["cell"][:]) == {"ctbench_caption_bbox": 3197, "ctbench_caption_nobox": 3197}
    boxed, bare = every[0], every[3197]
    assert [Path(one["images"][0]["path"]).name for one in (boxed, bare)] == ["lesion_17138.png", "17138.png"]
    assert doc_to_visual(boxed)[0].getpixel((0, 0)) == doc_to_visual(bare)[0].getpixel((0, 0))
    assert doc_to_text(boxed) == "Describe this CT lesion image in radiology terms. Lesion ID: 17138"
    assert (boxed["target"], boxed["cluster"]) == (ctbench_standin.described(17138), bare["cluster"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[-1].update(description=" "), "the description is empty"),
        (lambda rows: rows[0].update(dataset="later"), "its dataset 'later' is none of train, validation and test"),
        (lambda rows: rows.pop(), "ctbench_caption_bbox has 3,197 questions; here are 3,196"),
        (lambda rows: rows[-1].update(lesion_idx="../../etc/passwd"), "leads out of the archive's folder"),
        (lambda rows: rows[-1].update(lesion_idx="99999"), "lacks 2 of 6,394 images, lesion_bbox/99999.png for one"),
    ],
)
def test_damaged_row_is_named(change: Callable[[list[dict[str, str]]], Any], said: str) -> None:
    """Each way in which rows can be wrong is one message."""
    rows = ctbench_standin.lesion_rows()
    change(rows)
    with pytest.raises(DataError) as error:
        hooks.radvqa_ctbench_caption_bbox(table(rows))
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["lesion_idx,description,dataset\n1,a,b,c\n", '"\x00', "", "{}"])
def test_other_file_is_one_message(text: str) -> None:
    """Too many fields, no table at all, and another file in its place."""
    with pytest.raises(DataError):
        hooks.radvqa_ctbench_caption_bbox(Dataset.from_dict({"text": [text]}))


def test_captions_are_measured_together(measures: list[int]) -> None:
    """Nothing is measured until one value is needed; then all that wait are, in one batch, without their thinking."""
    found = [process_results(DOC, [text]) for text in ("A nodule.", "<think>A nodule.</think>A cyst", "")]
    assert measures == []
    assert settled(found[1]["bleu1"])["score"] == 0.5
    assert measures == [2] * len(captions.METRICS)
    records = [settled(one["record"]) for one in found]
    assert [one["outcome"] for one in records] == ["answered", "answered", "unparsed"]
    assert [one["scores"]["meteor"] for one in records] == [1.0, 0.5, 0.0]
    assert records[0]["judge"] == "overlap 1"


@pytest.mark.parametrize(
    ("response", "outcome", "reason", "scores"),
    [
        (Response(None, missing="request_failed"), "missing", "request_failed", {}),
        (Response(None, finish="content_filter"), "declined", "refusal", dict.fromkeys(captions.METRICS, 0.0)),
        (Response(None), "unparsed", "empty", dict.fromkeys(captions.METRICS, 0.0)),
        (Response("I cannot see an image."), "declined", "no_image", dict.fromkeys(captions.METRICS, 0.0)),
        (Response("<think>A nodule"), "unparsed", "unfinished", dict.fromkeys(captions.METRICS, 0.0)),
    ],
)
def test_what_is_no_caption_counts_as_0_unless_nobody_answered(
    response: Response, outcome: str, reason: str, scores: dict[str, float]
) -> None:
    """An endpoint's failure is never measured as the model's words, as the published script does."""
    record = process_results(DOC, [response])["record"]
    assert (record["outcome"], record["reason"], record["scores"]) == (outcome, reason, scores)


def test_a_metric_that_fails_loses_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record says that its scores are owed, and the rest goes on."""
    monkeypatch.setattr(captions, "_measures", lambda: {"bleu1": lambda ours, theirs: 1 / 0})
    record = settled(process_results(DOC, ["A cyst"])["record"])
    assert (record["outcome"], record["reason"], record["scores"]) == ("missing", "no_verdict", {})


def test_bootstrap_resamples_clusters() -> None:
    """Ten clusters of two equal values spread as ten values do, by 1.96 * 0.5 / sqrt(10); five give no interval."""
    values, clusters = [0.0, 0.0, 1.0, 1.0] * 5, [f"c{n // 2}" for n in range(20)]
    mean, low, high = bootstrap(values, clusters)
    assert mean == 0.5 and (low, high) == (pytest.approx(0.2, abs=0.05), pytest.approx(0.8, abs=0.05))
    assert bootstrap(values, clusters) == (mean, low, high)
    assert str(bootstrap(values[:8], clusters[:8])) == "(0.5, nan, nan)"


@pytest.mark.host
def test_run_end_to_end(comparator_copies: dict[str, Path], tmp_path: Path) -> None:
    """Both forms and the captions through the runner from the local copy; then every table of that run."""
    tasks = "radvqa_ctbench,radvqa_ctbench_told,radvqa_ctbench_clip,radvqa_ctbench_validation,radvqa_ctbench_caption"
    arguments = ["--model", "radvqa_prior", "--tasks", tasks, "--limit", "7", "--output_path", str(tmp_path / "runs")]
    found = run(arguments, {"ctbench": comparator_copies["ctbench"]})
    assert found is not None and not found.failed and len(found.sample_logs) == 4 * 13 + 2
    [of_run] = read_runs([tmp_path / "runs"])
    assert Counter(arm.benchmark.name for arm in of_run.arms) == {
        "ctbench": 2,
        "ctbench_validation": 1,
        "ctbench_clip": 1,
    }
    [described] = of_run.captions
    rows = caption_rows(described)
    assert {(row.n, row.missing, row.measured_by) for row in rows} == {(7, 0, "overlap 1")}
    assert len(of_run.records) == 4 * 13 * 7 + 14
    for command in (["table", "--contrasts"], ["summary"], ["compare", "--published", "GPT-4V"]):
        result = CliRunner().invoke(main, [*command, str(tmp_path / "runs")], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    shown = caption_sheets([described])
    assert [sheet.title for sheet in shown] == ["Captions", "Captions: differences", "Captions, as published"]
    assert shown[1].rows[0][-1].text == "7"  # type: ignore[union-attr]
    gpt = next(row for row in shown[2].rows if row[0] == "GPT-4V")
    assert gpt[1:3] == ["0.0916", "0.0656"]  # BLEU-1 with the box and without, Table 5
    page = tmp_path / "report.html"
    done = CliRunner().invoke(main, ["report", str(tmp_path / "runs"), "-o", str(page), "--no_images"])
    assert done.exit_code == 0 and "CT-Bench, captions" in page.read_text(encoding="utf-8")


@pytest.mark.host
@pytest.mark.parametrize("model", ["radvqa_chance", "qwen2_5_vl"])
def test_every_kind_of_question_reaches_a_model(model: str, comparator_copies: dict[str, Path], tmp_path: Path) -> None:
    """One picture, nine slices, four options, a grey one, another lesion's, and a caption, to the tiny model too."""
    names = (
        "img2txt_bbox",
        "clip_ct2txt_nobox",
        "clip_txt2img_bbox",
        "img2size_nobox_blank",
        "img2attrib_bbox_swapped",
    )
    tasks = ",".join(f"radvqa_ctbench_{name}" for name in (*names, "caption_bbox"))
    weights = f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"
    arguments = ["--model", model, "--tasks", tasks, "--limit", "1", "--output_path", str(tmp_path / "runs")]
    arguments += ["--model_args", weights, "--gen_kwargs", "max_new_tokens=8"] if model == "qwen2_5_vl" else []
    found = run(arguments, {"ctbench": comparator_copies["ctbench"]})
    assert found is not None and not found.failed
    records = [line["record"] for line in lines_of(found.sample_logs)]
    assert len(records) == 6 and {one["outcome"] for one in records} <= {"correct", "incorrect", "unparsed", "answered"}


def test_differences_are_paired_by_lesion() -> None:
    """0.6 against 0.2 on each of eight lesions differ by 0.4, whatever single lesions do; a ninth is left out."""

    def records(cell: str, value: float, count: int) -> list[Record]:
        docs = [
            {**DOC, "cell": f"ctbench_caption_{cell}", "key": f"{cell}:{n}", "cluster": f"l{n}"} for n in range(count)
        ]
        found = [msgspec.convert(process_results(doc, [""])["record"], Record) for doc in docs]
        return [msgspec.structs.replace(one, scores=dict.fromkeys(captions.METRICS, value)) for one in found]

    first, second = records("bbox", 0.6, 9), records("nobox", 0.2, 8)
    for row in difference_rows("box", first, second):
        assert (row.difference, row.n) == (pytest.approx(0.4), 8)
        assert str((row.low, row.high)) == "(nan, nan)"  # nothing varies

"""Scans and studies as clusters: what shares one counts as one, and an image is still told from its neighbours."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from datasets import Dataset
from runs_support import arm, changed, line, records

import radimagenet_vqa_tasks
from radimagenet_vqa_tasks.analysis.answers import by_image
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.consistency import both_right
from radimagenet_vqa_tasks.analysis.measure import Scheme, measure
from radimagenet_vqa_tasks.analysis.table import arm_notes, main_sheet
from radimagenet_vqa_tasks.benchmarks.radvqa import BENCHMARK, SAMPLE, SAMPLE_SCANS
from radimagenet_vqa_tasks.data.adapter import adapted
from radimagenet_vqa_tasks.scoring.logs import parse
from radimagenet_vqa_tasks.scoring.record import Record

STRICT = Scheme()


def of_scans(images: int = 40, scans: int = 8) -> list[Record]:
    """Answers about images of few scans, all right or all wrong in each scan."""
    found = records(images, lambda image, cell: image % scans < scans * 0.65)
    return [changed(one, picture=one.cluster, cluster=f"scan{int(one.cluster[5:]) % scans}") for one in found]


@pytest.fixture(scope="module")
def sample() -> Dataset:
    """The embedded sample's rows."""
    return Dataset.from_parquet(str(Path(radimagenet_vqa_tasks.__file__).parent / SAMPLE.file))


def test_the_samples_forty_slices_come_from_eight_scans(sample: Dataset) -> None:
    """Each question is clustered on its scan, keeps its image, and has the key that it always had."""
    asked = adapted(BENCHMARK, sample).questions
    assert {one.cluster for one in asked} == SAMPLE_SCANS and len(SAMPLE_SCANS) == 8
    assert len({one.image for one in asked}) == 40
    assert all(one.key == f"{one.image}:{one.cell}" for one in asked)


def test_intervals_go_by_scans() -> None:
    """Forty images of eight scans that are all right or all wrong tell as much as eight questions."""
    by_scan, by_picture = (
        measure(found, STRICT)["anatomy_open"].estimate
        for found in (of_scans(), [changed(one, cluster=one.image) for one in of_scans()])
    )
    assert by_scan.value == by_picture.value
    assert (by_scan.clusters, by_picture.clusters) == (8, 40)
    assert by_scan.high - by_scan.low > 1.8 * (by_picture.high - by_picture.low)


def test_answers_are_held_together_by_image_and_counted_by_scan() -> None:
    """Closed+ and Closed- of one image are a pair, though forty images share eight scans."""
    images = by_image(of_scans())
    assert len(images) == 40
    rate = next(one for one in both_right(images, STRICT) if one.name == "both_right_anatomy")
    assert (rate.estimate.n, rate.estimate.clusters) == (40, 8)


def test_the_table_says_what_it_goes_by() -> None:
    """The sample's images are shown with their scans, and a note says so; without scans nothing is said."""
    one = Arm("tiny", of_scans(), is_sample=True)
    assert "intervals and tests go by 8 scans" in " ".join(arm_notes(one, STRICT))
    [row] = [row for row in main_sheet([one], STRICT).rows if str(getattr(row[0], "text", "")) == "images"]
    assert getattr(row[1], "text", "") == "40 of 8 scans"
    assert not any("go by" in note for note in arm_notes(arm(found=records(4)), STRICT))


def test_logs_without_pictures_are_read_as_before() -> None:
    """In older logs the cluster is the image."""
    old = {name: value for name, value in msgspec.to_builtins(records(1)[0]).items() if name != "picture"}
    found, fault = parse(line(old).encode())
    assert found is not None and not fault
    assert (found.cluster, found.image) == ("image0", "image0")
    assert Arm("old", [found], is_sample=True).clustered_on == "images"

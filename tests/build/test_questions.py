"""The nine questions of an image, and the sample made of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import make_sample
import pyarrow.parquet as pq
import pytest
import shaped_data

from radimagenet_vqa_tasks.build.questions import TEMPLATES, LabelledImage, nine_questions
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, clean_label, labels_for, regions

IMAGES = list(shaped_data.labelled_images())


@pytest.mark.parametrize(
    "question_id",
    ["anatomy_open", "anatomy_closed_pos", "anatomy_mc", "abnormal_closed", "pathology_open", "pathology_mc"],
)
def test_every_template_is_used(question_id: str) -> None:
    """The paper's variations all occur, so that none is dead."""
    texts = {row["question"] for image in IMAGES for row in nine_questions(image) if _id(row) == question_id}
    family = question_id.removesuffix("_pos")
    assert len({_template(text, family) for text in texts}) == len(TEMPLATES[family])


def test_anatomy_options_are_four_regions_with_the_right_one() -> None:
    """Distractors are other regions; the answer is the image's."""
    for image in IMAGES:
        row = nine_questions(image)[3]
        assert len(set(row["choices"])) == 4
        assert set(row["choices"]) <= set(regions())
        assert row["choices"]["ABCD".index(row["answer"])] == image.location


def test_pathology_options_are_of_the_region_and_hold_no_pathology() -> None:
    """Distractors are labels of the same region, and "no pathology seen" is always offered."""
    for image in IMAGES:
        row = nine_questions(image)[8]
        labels = {label.name for label in labels_for(image.location)}
        assert len(set(row["choices"])) == 4
        assert NO_PATHOLOGY in row["choices"]
        assert set(row["choices"]) <= labels | {NO_PATHOLOGY}
        assert row["choices"]["ABCD".index(row["answer"])] == clean_label(image.pathology)


@pytest.mark.parametrize("index", [3, 8])
def test_target_letters_are_uniform(index: int) -> None:
    """No letter is the answer more often than chance lets it: chi-squared below its 99.9 % point (3 degrees, 16.3)."""
    counts = Counter(nine_questions(image)[index]["answer"] for image in IMAGES)
    assert sum((counts[letter] - 250) ** 2 / 250 for letter in "ABCD") < 16.3


def test_closed_questions_of_normal_images_have_the_answer_no() -> None:
    """As in the benchmark, both pathology questions of a normal image ask after something that is not there."""
    rows = nine_questions(LabelledImage("x.png", "lung", "ct", "normal"))
    assert [row["answer"] for row in rows[6:8]] == ["no", "no"]
    assert rows[6]["question"] != rows[7]["question"]


def test_questions_are_a_function_of_image_and_seed() -> None:
    """The same image and seed give the same rows; another seed gives others."""
    image = IMAGES[500]
    assert nine_questions(image, 1) == nine_questions(image, 1)
    assert nine_questions(image, 1) != nine_questions(image, 2)


def test_unknown_label_is_refused() -> None:
    """A pathology that the region does not have is no question."""
    with pytest.raises(LookupError, match="fractur"):
        nine_questions(LabelledImage("x.png", "knee", "mri", "fractur"))


def test_sample_is_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    """The committed sample and training part are what the scans and the code give."""
    parts = make_sample.split(make_sample.read_scans())
    for committed, scans in (
        (make_sample.TEST, parts["held_out"] + parts["neighbour"]),
        (make_sample.TRAIN, parts["train"]),
    ):
        make_sample.write(make_sample.table(scans), tmp_path / "rebuilt.parquet")
        assert pq.read_table(committed).equals(pq.read_table(tmp_path / "rebuilt.parquet"))
        if pq.read_metadata(committed).created_by == pq.read_metadata(tmp_path / "rebuilt.parquet").created_by:
            assert committed.read_bytes() == (tmp_path / "rebuilt.parquet").read_bytes()


def test_held_out_scans_are_held_out_whole() -> None:
    """No slice of a held-out scan is trained on, and no slice is in both parts."""
    parts = make_sample.split(make_sample.read_scans())
    train = {scan.scan for scan in parts["train"]}
    assert not train & {scan.scan for scan in parts["held_out"]}
    assert not {s.image.path for s in parts["train"]} & {s.image.path for s in parts["neighbour"]}
    assert (len(parts["held_out"]), len(parts["neighbour"])) == (30, 10)


def _id(row: dict[str, object]) -> object:
    metadata = row["metadata"]
    assert isinstance(metadata, dict)
    return metadata["question_id"]


def _template(text: str, family: str) -> str:
    """The template that a text was made of: the one whose fixed words it shares most of."""

    def shared(template: str) -> int:
        pieces = template.replace("{pathology}", "{anatomy}").split("{anatomy}")
        return sum(len(piece) for piece in pieces) if all(piece in text for piece in pieces) else -1

    return max(TEMPLATES[family], key=shared)

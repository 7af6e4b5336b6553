"""`radvqa build volumes`: slices, captions and questions of labelled volumes in three layouts."""

from __future__ import annotations

import errno
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image

from radimagenet_vqa_tasks.build import volume_data
from radimagenet_vqa_tasks.build.layouts import cases
from radimagenet_vqa_tasks.build.training_data import training_sets
from radimagenet_vqa_tasks.build.volumes import slices
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import DataError, RunError

nibabel = pytest.importorskip("nibabel")

# Axes run to the patient's right, front and head; 2 mm across, 1 mm along, 5 mm between slices.
SHAPE, PLACE = (30, 40, 6), np.diag([2.0, 1.0, 5.0, 1.0])
LIVER, TUMOUR = (slice(16, 28), slice(20, 36), slice(1, 5)), (slice(18, 22), slice(24, 28), slice(2, 4))


def volume(file: Path, values: np.ndarray[Any, Any], affine: np.ndarray[Any, Any] = PLACE) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, affine), file)


def image() -> np.ndarray[Any, Any]:
    """Water, a brighter organ on the patient's right, and air in front of everything."""
    values = np.zeros(SHAPE, np.int16)
    values[LIVER] = 240
    values[:, 36:, :] = -1000
    return values


def labels(numbers: Mapping[int, Any]) -> np.ndarray[Any, Any]:
    values = np.zeros(SHAPE, np.uint8)
    for number, place in numbers.items():
        values[place] = number
    return values


def kits(root: Path) -> None:
    volume(root / "case_00000" / "imaging.nii.gz", image())
    volume(root / "case_00000" / "segmentation.nii.gz", labels({1: LIVER, 2: TUMOUR}))


def atlas(root: Path) -> None:
    volume(root / "BDMAP_1" / "ct.nii.gz", image())
    volume(root / "BDMAP_1" / "combined_labels.nii.gz", labels({5: LIVER, 8: TUMOUR}))


def totalsegmentator(root: Path) -> None:
    volume(root / "s0000" / "ct.nii.gz", image())
    everywhere = (slice(0, 0),) * 3
    for name, place in {"liver": LIVER, "liver_tumor": TUMOUR, "spleen": everywhere, "rib_left_9": everywhere}.items():
        volume(root / "s0000" / "segmentations" / f"{name}.nii.gz", labels({1: place}))


@pytest.mark.parametrize(
    ("lay_out", "organ", "other"),
    [(kits, "kidney", "kidney tumor"), (atlas, "liver", "spleen"), (totalsegmentator, "liver", "liver tumor")],
)
def test_each_layout_names_what_is_on_a_slice(tmp_path: Path, lay_out: Any, organ: str, other: str) -> None:
    """Slices without a structure are left out; what lies in an organ is on the slices that it is on."""
    lay_out(tmp_path)
    found = list(slices(cases(tmp_path)[0]))
    assert [[one.name for one in slice_.structures] for slice_ in found] == [
        [organ],
        [organ, other],
        [organ, other],
        [organ],
    ]
    assert found[0].name.endswith("axial_0001.png")


@pytest.mark.parametrize("flipped", [False, True])
def test_slices_lie_as_radiologists_see_them(tmp_path: Path, flipped: bool) -> None:
    """Patient's right on the left of the picture, front on top, true proportions; however the file is stored."""
    values, mask, place = image(), labels({1: LIVER}), PLACE.copy()
    if flipped:  # stored towards the patient's right and back
        values, mask, place[0, 0], place[1, 1] = values[::-1, ::-1], mask[::-1, ::-1], -2, -1
        place[0, 3], place[1, 3] = 2.0 * (SHAPE[0] - 1), 1.0 * (SHAPE[1] - 1)
    volume(tmp_path / "c" / "imaging.nii.gz", values, place)
    volume(tmp_path / "c" / "segmentation.nii.gz", mask, place)
    picture = np.asarray(Image.open(io.BytesIO(next(iter(slices(cases(tmp_path)[0]))).png)).convert("L"))
    assert picture.shape == (224, 224)
    # 60 mm across and 40 mm down: 149 rows of 224 are picture. Index 16 to 28 of 30 to the right is left of the middle.
    assert picture[:36].max() == 0 and picture[-36:].max() == 0
    rows, columns = np.nonzero(picture == 255)
    assert columns.max() < 112 and columns.min() > 10
    assert rows.max() < 125
    assert picture[40, 100] == 0  # air in front
    assert abs(int(picture[170, 200]) - 102) <= 1  # water: (0 + 160) / 400 of the window


def test_every_question_can_be_answered_from_the_labels(tmp_path: Path) -> None:
    """Present and absent, lesions and the organ that they lie in; the rows are ones that are exported."""
    kits(tmp_path / "kits")
    result = CliRunner().invoke(main, ["build", "volumes", str(tmp_path / "kits"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    file = next((tmp_path / "out" / "instruct").glob("*.parquet"))
    by_slice: dict[str, dict[str, dict[str, Any]]] = {}
    for row in pq.read_table(file).to_pylist():
        by_slice.setdefault(row["image"]["path"], {})[row["metadata"]["question_id"]] = row
    plain, with_tumour = by_slice["case_00000/axial_0001.png"], by_slice["case_00000/axial_0002.png"]
    assert {name: row["answer"] for name, row in plain.items()} == {
        "organ_open": "kidney",
        "organ_closed_pos": "yes",
        "lesion_any": "no",
        "lesion_open": "no lesion",
        "lesion_closed_neg": "no",
    }
    assert {name: row["answer"] for name, row in with_tumour.items()} == {
        "organ_open": "kidney",
        "organ_closed_pos": "yes",
        "lesion_any": "yes",
        "lesion_open": "kidney tumor",
        "lesion_closed_pos": "yes",
        "lesion_closed_neg": "no",
        "lesion_organ": "kidney",
    }
    assert with_tumour["lesion_any"]["metadata"]["pathology"] == "kidney tumor"
    assert "kidney tumor" in with_tumour["lesion_closed_pos"]["question"]
    captions = pq.read_table(next((tmp_path / "out" / "alignment").glob("*.parquet"))).to_pylist()
    assert len(captions) == 4
    assert "kidney with a kidney tumor" in captions[1]["conversations"][1]["value"]
    assert len(training_sets(tmp_path / "out")) == 2


def test_lesions_are_not_denied_where_none_are_labelled(tmp_path: Path) -> None:
    """AbdomenAtlas marks organs only: that a slice has no lesion is not known."""
    atlas(tmp_path / "atlas")
    CliRunner().invoke(main, ["build", "volumes", str(tmp_path / "atlas"), "-o", str(tmp_path / "out")])
    rows = pq.read_table(next((tmp_path / "out" / "instruct").glob("*.parquet"))).to_pylist()
    assert {row["metadata"]["content_type"] for row in rows} == {"organ"}
    choice = next(row for row in rows if row["choices"])
    assert choice["choices"]["ABCD".index(choice["answer"])] == "liver"


def test_a_label_map_of_ones_own(tmp_path: Path) -> None:
    """Numbers of a mask are what the map says."""
    volume(tmp_path / "v" / "c" / "image.nii.gz", image())
    volume(tmp_path / "v" / "c" / "mask.nii.gz", labels({7: LIVER}))
    (tmp_path / "map.yaml").write_text("7: {name: liver abscess, kind: lesion, organ: liver}\n")
    arguments = ["--label_map", str(tmp_path / "map.yaml"), "--modality", "mri", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, ["build", "volumes", str(tmp_path / "v"), *arguments])
    assert result.exit_code == 0, result.output
    row = pq.read_table(next((tmp_path / "out" / "instruct").glob("*.parquet"))).to_pylist()[0]
    assert (row["metadata"]["pathology"], row["metadata"]["modality"]) == ("liver abscess", "mri")


def no_mask(root: Path) -> str:
    (root / "case_00000" / "segmentation.nii.gz").unlink()
    return "has imaging.nii.gz and no mask"


def other_shape(root: Path) -> str:
    volume(root / "case_00000" / "segmentation.nii.gz", np.zeros((3, 4, 5), np.uint8))
    return "do not lie on each other"


def unknown_label(root: Path) -> str:
    volume(root / "case_00000" / "segmentation.nii.gz", labels({9: LIVER}))
    return "holds the label 9, which the label map does not name"


def no_volume(root: Path) -> str:
    (root / "case_00000" / "imaging.nii.gz").write_bytes(b"not a volume")
    return "is no volume that can be read"


def damaged(root: Path) -> str:
    file = root / "case_00000" / "imaging.nii.gz"
    file.write_bytes(file.read_bytes()[:200])
    return "is no volume that can be read"


@pytest.mark.parametrize("spoil", [no_mask, other_shape, unknown_label, no_volume, damaged])
def test_bad_volumes_are_named(tmp_path: Path, spoil: Any) -> None:
    """One message with the file in it."""
    kits(tmp_path)
    expected = spoil(tmp_path)
    with pytest.raises(DataError, match=expected):
        for case in cases(tmp_path):
            list(slices(case))


def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that what is finished stays, and no half file is left; a plan that cannot be written says so too."""
    kits(tmp_path / "kits")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(volume_data.Writer, "write", full)
    with pytest.raises(RunError, match="the disk of .* is full. What is finished stays"):
        volume_data.build_volumes(volume_data.Request(tmp_path / "kits", tmp_path / "out", workers=1))
    assert not [*(tmp_path / "out").rglob("*.parquet"), *(tmp_path / "out").rglob("*.part")]
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="the disk of .* is full"):
        volume_data.build_volumes(volume_data.Request(tmp_path / "kits", tmp_path / "new", workers=1))

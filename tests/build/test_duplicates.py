"""Pictures that are there more than once: left out of a build, and found in a data set."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import shaped_data
from click.testing import CliRunner
from PIL import Image

from radimagenet_vqa_tasks.build.dataset import Request, build
from radimagenet_vqa_tasks.build.pictures import near, picture
from radimagenet_vqa_tasks.build.released import check, released_mri_labels
from radimagenet_vqa_tasks.cli import main


def test_equal_pixels_are_equal_whatever_the_file(scans_tree: Path, tmp_path: Path) -> None:
    """A picture saved anew is the same; its neighbour in the scan is another, that looks alike."""
    scan = scans_tree / "MR" / "brain" / "normal" / "brain1_axi_003.png"
    Image.open(scan).convert("RGB").save(tmp_path / "again.png", compress_level=1)
    first, again = picture("a", scan.read_bytes()), picture("b", (tmp_path / "again.png").read_bytes())
    assert scan.read_bytes() != (tmp_path / "again.png").read_bytes()
    assert first.pixels == again.pixels
    other = picture("c", (scans_tree / "CT" / "lung" / "normal" / "lung1_axi_004.png").read_bytes())
    assert first.pixels != other.pixels
    assert near([first.look], [again.look, other.look]) == [(0, 0)]


def test_near_counts_bits() -> None:
    """Four bits apart is near, five is not."""
    assert near([0b11111], [0b10000, 0b00000, 0b11111]) == [(0, 0), (0, 2)]


def test_blank_pictures(tmp_path: Path) -> None:
    """One grey value with a hint of noise is blank; a scan is not."""
    pixels = np.full((64, 64), 7, np.uint8)
    pixels[::2] += 1
    Image.fromarray(pixels).save(tmp_path / "x.png")
    assert picture("x", (tmp_path / "x.png").read_bytes()).blank


@pytest.fixture
def spoilt(tree: Path) -> Path:
    """The tree with a test picture in train, one picture in train twice, one under two labels, and a blank one."""
    brain = tree / "MR" / "brain" / "normal"
    listed = {
        split: [
            Path(tree, line.split(",")[0].removeprefix("radiology_ai/"))
            for line in (tree / f"RadiologyAI_{split}.csv").read_text().splitlines()
            if "brain/normal" in line
        ]
        for split in ("train", "test")
    }
    (tree / "MR" / "brain" / "edema").mkdir()
    copies = {
        brain / "leaked.png": listed["test"][0],
        brain / "again.png": listed["train"][0],
        tree / "MR" / "brain" / "edema" / "other_label.png": listed["train"][1],
    }
    for copy, original in copies.items():
        shutil.copyfile(original, copy)
    Image.new("L", (224, 224)).save(brain / "blank.png")
    with (tree / "RadiologyAI_train.csv").open("a") as table:
        for file in [*copies, brain / "blank.png"]:
            table.write(f"radiology_ai/{file.relative_to(tree).as_posix()},{file.parent.name}\n")
    return tree


def test_a_spoilt_data_set_is_found_out(spoilt: Path, tmp_path: Path) -> None:
    """Each kind is counted and named; a test picture in train is a fault and exits with 1."""
    build(Request(spoilt, tmp_path / "out", workers=1))
    arguments = ["build", "--check", str(tmp_path / "out"), "--workers", "1", "--report", str(tmp_path / "r.json")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    assert any(line.startswith("FAULT pictures in both train and test: 1") and "leaked.png" in line for line in lines)
    assert any("blank pictures: 1" in line and "blank.png" in line for line in lines)
    assert any("under two labels: 1" in line and "other_label.png" in line for line in lines)
    assert any("in one split and under one label: 1" in line and "again.png" in line for line in lines)
    report = json.loads((tmp_path / "r.json").read_text())
    assert [len(report[name]) for name in ("repeated", "two_labels", "blank")] == [1, 1, 1]
    assert len(report["shared"]["train and test"]) == 1


def test_dropping_leaves_nothing_to_find(spoilt: Path, tmp_path: Path) -> None:
    """The benchmark keeps its picture, training gives way, and both files of a contradiction go."""
    done = build(Request(spoilt, tmp_path / "out", workers=1, drop_duplicates=True))
    assert any(note.startswith("4 images were left out") for note in done.notes)
    findings = check(tmp_path / "out", workers=1)
    assert not any(finding.is_fault for finding in findings)
    text = "\n".join(map(str, findings))
    for what in ("under two labels: 0", "under one label: 0", "in both train and test: 0", "blank pictures: 1"):
        assert what in text


def test_the_released_counts_are_those_of_the_card() -> None:
    """89 labels on 604,775 MRI images."""
    assert (len(released_mri_labels()), sum(released_mri_labels().values())) == (89, 604_775)


def test_another_copy_is_held_against_the_paper(tmp_path: Path) -> None:
    """A benchmark of 100 images that does not say it was built is not the released one."""
    shaped_data.write_hub_copy(tmp_path, shaped_data.table(images=100, normal=28, side=32))
    findings = [str(finding) for finding in check(tmp_path, workers=1)]
    assert "FAULT benchmark test: 100 images, 900 rows; published: 1,000 images" in findings
    assert "FAULT benchmark test: 28 normal images (28.0%); published: 281" in findings


def test_a_folder_without_data(tmp_path: Path) -> None:
    """One message, which says what was looked for."""
    result = CliRunner().invoke(main, ["build", "--check", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds none of alignment/*.parquet" in result.output

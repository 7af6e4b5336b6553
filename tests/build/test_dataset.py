"""`radvqa build` on real scans in RadImageNet's layout: what it writes, resumes and refuses."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import make_sample
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from radimagenet_vqa_tasks.build.dataset import Request, build
from radimagenet_vqa_tasks.build.plan import PLAN, WORK
from radimagenet_vqa_tasks.build.questions import LabelledImage, nine_questions
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.provenance import built
from radimagenet_vqa_tasks.errors import DataError, RunError


@pytest.fixture(scope="module")
def whole(scans_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All three parts, built in one process."""
    out = tmp_path_factory.mktemp("built") / "out"
    build(Request(scans_tree, out, workers=1))
    return out


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_the_benchmark_part_has_the_columns_of_the_sample(whole: Path) -> None:
    """Names and Arrow types are those that the tasks read."""
    table = pq.read_table(whole / "benchmark" / "test-00000-of-00001.parquet")
    assert table.schema.remove_metadata().equals(make_sample.SCHEMA.remove_metadata())
    table.validate(full=True)


def test_every_image_has_its_nine_questions_and_its_own_bytes(whole: Path, scans_tree: Path) -> None:
    """Rows are those of `nine_questions`, and the image is the file, byte for byte."""
    rows = pq.read_table(whole / "instruct" / "train-00000-of-00001.parquet").to_pylist()
    for first in range(0, len(rows), 9):
        cell, said = rows[first]["image"], rows[first]["metadata"]
        image = LabelledImage(cell["path"], said["location"], said["modality"], said["pathology"])
        assert [{**row, "image": None} for row in rows[first : first + 9]] == [
            {**row, "image": None} for row in nine_questions(image)
        ]
        assert all(row["image"] == cell for row in rows[first : first + 9])
        assert cell["bytes"] == (scans_tree / cell["path"]).read_bytes()


def test_captions_are_conversations_of_one_image_mark(whole: Path) -> None:
    """The human's turn holds one image mark, and the second speaker is called as in the released rows."""
    rows = pq.read_table(whole / "alignment" / "train-00000-of-00001.parquet").to_pylist()
    for row in rows:
        human, other = row["conversations"]
        assert (human["from"], other["from"]) == ("human", "template")
        assert human["value"].startswith("<image>\n") and human["value"].count("<image>") == 1
        assert row["metadata"]["location"] in other["value"]
    assert len({row["conversations"][0]["value"] for row in rows}) > 20


def test_it_loads_with_the_datasets_library(whole: Path, tmp_path: Path) -> None:
    """The card names the configurations, and the image column is one that the library decodes."""
    from datasets import load_dataset

    for config, split in (("alignment", "train"), ("instruct", "val"), ("benchmark", "test")):
        rows = load_dataset(str(whole), config, split=split, cache_dir=str(tmp_path))
        assert rows[0]["image"].size == (224, 224)
        assert rows.features["image"].decode


def test_splits_come_from_the_tables(whole: Path, scans_tree: Path) -> None:
    """Nothing of the test table is trained on, and the benchmark has nothing else."""
    listed = {
        split: {line.split(",")[0].removeprefix("radiology_ai/") for line in table.read_text().splitlines()[1:]}
        for split in ("train", "val", "test")
        for table in [scans_tree / f"RadiologyAI_{split}.csv"]
    }
    for config, split in (("alignment", "train"), ("alignment", "val"), ("instruct", "train"), ("benchmark", "test")):
        table = pq.read_table(whole / config / f"{split}-00000-of-00001.parquet")
        assert {cell["path"] for cell in table["image"].to_pylist()} == listed[split]


def test_files_and_card_say_what_they_are(whole: Path) -> None:
    """No file can be taken for the benchmark: each says that it was built, and of how many images."""
    said = built(whole / "benchmark" / "test-00000-of-00001.parquet")
    assert said is not None
    assert (said["config"], said["images"]) == ("benchmark", len(_paths(whole, "benchmark", "test")))
    assert "This is not that data set" in (whole / "README.md").read_text()
    assert built(make_sample.TEST) is None


def test_a_built_benchmark_is_verified_and_asked_whatever_its_size(whole: Path) -> None:
    """The tasks take it, its fingerprint says that it was built, and fewer images than it had are a fault."""
    from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
    from radimagenet_vqa_tasks.data.provenance import is_built
    from radimagenet_vqa_tasks.data.rows import question_columns
    from radimagenet_vqa_tasks.data.verification import verify

    findings = verify(whole, "radvqa")
    assert not any(finding.is_fault for finding in findings), findings
    assert any("built data, not RadImageNet-VQA" in finding.text for finding in findings)
    rows = question_columns(BENCHMARKS["radvqa"], whole)
    assert len(rows) == 270
    assert is_built(rows["fingerprint"][0])
    assert not is_built(question_columns(BENCHMARKS["radvqa"], sample=True)["fingerprint"][0])


def test_a_table_of_built_data_does_not_bear_the_benchmarks_name() -> None:
    """Its title says what was asked, and no published row is set against it."""
    from runs_support import record

    from radimagenet_vqa_tasks.analysis.arms import Arm
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.analysis.published import published_sheet
    from radimagenet_vqa_tasks.analysis.table import main_sheet

    records = [record(image, "anatomy_mc") for image in range(4)]
    built, released = (Arm("GPT-5", records, fingerprint=digest) for digest in ("built-0123", "0123"))
    assert main_sheet([built], Scheme()).title.startswith("Built data in the form of RadImageNet-VQA: accuracy")
    assert main_sheet([built, released], Scheme()).title.startswith("RadImageNet-VQA and built data: accuracy")
    assert main_sheet([released], Scheme()).title.startswith("RadImageNet-VQA: accuracy")
    assert all("built data" in str(row["why"]) for row in published_sheet(built).data)


def _paths(out: Path, config: str, split: str) -> set[str]:
    files = (out / config).glob(f"{split}-*.parquet")
    return {cell["path"] for file in files for cell in pq.read_table(file, columns=["image"])["image"].to_pylist()}


def test_shards_do_not_change_rows(whole: Path, scans_tree: Path, tmp_path: Path) -> None:
    """Rows in many shards, written by two processes, are the rows in one."""
    build(Request(scans_tree, tmp_path / "out", workers=2, images_in_shard=30))
    files = sorted((tmp_path / "out" / "instruct").glob("train-*"))
    assert len(files) > 2
    assert files[1].name == f"train-00001-of-{len(files):05d}.parquet"
    together = pa.concat_tables([pq.read_table(file) for file in files])
    assert together.equals(pq.read_table(whole / "instruct" / "train-00000-of-00001.parquet"))


def test_a_killed_build_goes_on_to_the_same_bytes(scans_tree: Path, tmp_path: Path) -> None:
    """After kill -9 the same command leaves finished shards alone and ends with the bytes of an undisturbed build."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom radimagenet_vqa_tasks.build import dataset, engines\n"
        "write = engines.write_shard\n"
        "def slow(job, shard):\n    done = write(job, shard)\n    time.sleep(0.3)\n    return done\n"
        "engines.write_shard = slow\n"
        "dataset.build(dataset.Request(Path(sys.argv[1]), Path(sys.argv[2]), workers=1, images_in_shard=20))\n"
    )
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    process = subprocess.Popen([sys.executable, "-c", script, str(scans_tree), str(killed)], stderr=subprocess.DEVNULL)
    while not list(killed.glob("instruct/train-00001-*.parquet")):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (killed / "instruct" / ".train-00002-of-00009.parquet.1.part").write_bytes(b"half a shard")
    first = killed / "instruct" / next(killed.glob("instruct/train-00000-*")).name
    before = first.stat().st_mtime_ns
    assert (killed / WORK).exists()
    assert build(Request(scans_tree, killed, workers=1, images_in_shard=20)).resumed >= 2
    build(Request(scans_tree, undisturbed, workers=1, images_in_shard=20))
    assert first.stat().st_mtime_ns == before
    assert digests(killed) == digests(undisturbed)


def test_the_sample_keeps_regions_labels_and_normals(tmp_path: Path) -> None:
    """Of 3,000 images: 28.1 % normals, and every region and label within one image of its share."""
    import shaped_data

    from radimagenet_vqa_tasks.build.sampling import sample

    images = [
        LabelledImage(f"{index}.png", image.location, image.modality, image.pathology)
        for index, image in enumerate(shaped_data.labelled_images(3000, 1500))
    ]
    chosen = sample(images, 1000, seed=3)
    assert sum(not image.is_abnormal for image in chosen) == 281
    for abnormal, seats in ((True, 719), (False, 281)):
        whole = Counter((i.modality, i.location, i.pathology) for i in images if i.is_abnormal == abnormal)
        part = Counter((i.modality, i.location, i.pathology) for i in chosen if i.is_abnormal == abnormal)
        for stratum, count in whole.items():
            assert abs(part[stratum] - count * seats / whole.total()) < 1
    assert chosen == sample(images[::-1], 1000, seed=3)
    assert chosen != sample(images, 1000, seed=4)


def test_largest_remainder_by_hand() -> None:
    """7 seats for 5, 3 and 2 of 10: 3.5, 2.1 and 1.4, so the seat left over goes to the first."""
    from radimagenet_vqa_tasks.build.sampling import largest_remainder

    assert largest_remainder({("a",): 5, ("b",): 3, ("c",): 2}, 7) == {("a",): 4, ("b",): 2, ("c",): 1}


def test_ultrasound_is_left_out_and_said(tree: Path, tmp_path: Path) -> None:
    """The third modality of RadImageNet is no part of this data set."""
    (tree / "US" / "usabd" / "liver").mkdir(parents=True)
    shutil.copyfile(make_sample.SCANS / "brain1_axi_002.png", tree / "US" / "usabd" / "liver" / "x.png")
    with (tree / "RadiologyAI_train.csv").open("a") as table:
        table.write("radiology_ai/US/usabd/liver/x.png,liver\n")
    done = build(Request(tree, tmp_path / "out", workers=1))
    assert any("1 ultrasound images are left out" in note for note in done.notes)
    assert not any("US/" in path for path in _paths(done.out, "instruct", "train"))


def test_a_table_of_ones_own(tree: Path, tmp_path: Path) -> None:
    """Any folder with path, modality, region, pathology; without splits, patients are dealt whole."""
    flat = tmp_path / "flat"
    flat.mkdir()
    lines = ["path,modality,region,pathology,patient"]
    for index, scan in enumerate(scan for scan in make_sample.read_scans() if scan.image.location == "lung"):
        shutil.copyfile(make_sample.SCANS / scan.image.path, flat / scan.image.path)
        lines.append(f"{scan.image.path},CT,chest,{scan.image.pathology.lower()},patient {index % 12}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    done = build(Request(flat, tmp_path / "out", tables=(tmp_path / "labels.csv",), workers=1))
    assert sum(done.images.values()) == len(lines) - 1
    patient = dict(line.split(",")[0::4] for line in lines)
    of = {
        split: {patient[path] for path in _paths(done.out, config, split)}
        for config, split in (("alignment", "train"), ("alignment", "val"), ("benchmark", "test"))
        if done.images[split]
    }
    assert sum(map(len, of.values())) == len(set().union(*of.values())) == 12
    assert any("by patient" in note for note in done.notes)


def test_a_taxonomy_of_ones_own(tmp_path: Path) -> None:
    """A hospital's own regions and labels are questions, distractors and captions."""
    names = ("liver mass", "stone", "cyst", "abscess")
    regions = {name: {"readable": name, "folders": {"ct": name}, "labels": dict.fromkeys(names)} for name in "wxyz"}
    (tmp_path / "own.yaml").write_text(json.dumps({"regions": regions}))
    (tmp_path / "images").mkdir()
    shutil.copyfile(make_sample.SCANS / "brain1_axi_002.png", tmp_path / "images" / "a.png")
    (tmp_path / "labels_test.csv").write_text("path,modality,region,pathology\na.png,ct,w,liver_mass\n")
    request = Request(
        tmp_path / "images",
        tmp_path / "out",
        tables=(tmp_path / "labels_test.csv",),
        taxonomy=tmp_path / "own.yaml",
        workers=1,
    )
    build(request)
    rows = pq.read_table(tmp_path / "out" / "benchmark" / "test-00000-of-00001.parquet").to_pylist()
    assert rows[5]["answer"] == "liver mass"
    assert set(rows[8]["choices"]) < {*names, "no pathology seen"}


def spoil_label(tree: Path) -> str:
    (tree / "MR" / "brain" / "normal").rename(tree / "MR" / "brain" / "normall")
    table = tree / "RadiologyAI_train.csv"
    table.write_text(table.read_text().replace("brain/normal/", "brain/normall/"))
    return "label 'normall' of brain (did you mean 'normal'?)"


def spoil_region(tree: Path) -> str:
    (tree / "MR" / "knee").rename(tree / "MR" / "kne")
    for table in tree.glob("*.csv"):
        table.write_text(table.read_text().replace("MR/knee/", "MR/kne/"))
    return "region 'kne' of mri (did you mean 'knee'?)"


def spoil_file(tree: Path) -> str:
    (tree / "MR" / "brain" / "normal" / "brain1_axi_002.png").unlink()
    return "a file is missing: radiology_ai/MR/brain/normal/brain1_axi_002.png"


def spoil_agreement(tree: Path) -> str:
    for table in tree.glob("*.csv"):
        table.write_text(table.read_text().replace("brain1_axi_002.png,normal", "brain1_axi_002.png,edema"))
    return "table and folder disagree: MR/brain/normal/brain1_axi_002.png is labelled 'edema'"


def spoil_header(tree: Path) -> str:
    table = tree / "RadiologyAI_train.csv"
    table.write_text(table.read_text().replace("filename,label", "file,label"))
    return "has no path, modality, region, pathology (found: file, label)"


def spoil_twice(tree: Path) -> str:
    table = tree / "RadiologyAI_val.csv"
    table.write_text((tree / "RadiologyAI_test.csv").read_text())
    return "an image is listed more than once"


def spoil_encoding(tree: Path) -> str:
    (tree / "RadiologyAI_train.csv").write_bytes(b"filename,label\n\xff\xfe\x00,x\n")
    return "a table cannot be read"


@pytest.mark.parametrize(
    "spoil", [spoil_label, spoil_region, spoil_file, spoil_agreement, spoil_header, spoil_twice, spoil_encoding]
)
def test_bad_input_is_one_message_and_nothing_is_written(tree: Path, tmp_path: Path, spoil: object) -> None:
    """What is wrong is named with its place, and the output folder is not even made."""
    expected = spoil(tree)  # type: ignore[operator]
    with pytest.raises(DataError) as raised:
        build(Request(tree, tmp_path / "out", workers=1))
    assert expected in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_more_images_than_there_are(tree: Path, tmp_path: Path) -> None:
    """An explicit number that the test split does not have is refused; nothing is written."""
    with pytest.raises(DataError, match="Ask for fewer with --images"):
        build(Request(tree, tmp_path / "out", images=5000, workers=1))
    assert not (tmp_path / "out").exists()


def test_a_label_with_one_image_is_said(tree: Path, tmp_path: Path) -> None:
    """It can be trained on or asked about, never both."""
    done = build(Request(tree, tmp_path / "out", workers=1))
    assert any(
        "labels have one image only: liver_lesion (mri, abdomen), normal (mri, shoulder)" in n for n in done.notes
    )


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nnot an image"])
def test_an_unreadable_image_is_named(tree: Path, tmp_path: Path, content: bytes) -> None:
    """An empty file always, a damaged one where images are checked; shards before it stay."""
    (tree / "MR" / "brain" / "normal" / "brain1_axi_002.png").write_bytes(content)
    with pytest.raises(DataError, match="brain1_axi_002.png (is empty|cannot be decoded)"):
        build(Request(tree, tmp_path / "out", workers=1, check_images=True))
    assert not list((tmp_path / "out").rglob("*.part"))


def test_another_seed_into_the_same_folder_is_refused(tree: Path, tmp_path: Path) -> None:
    """A half-written output is gone on with by its own command only."""
    out = tmp_path / "out"
    build(Request(tree, out, workers=1))
    before = digests(out)
    with pytest.raises(RunError, match="another seed \\(0; now 1\\)"):
        build(Request(tree, out, seed=1, workers=1))
    assert build(Request(tree, out, workers=1)).resumed > 0
    assert digests(out) == before


def test_a_folder_with_other_files_is_not_touched(tree: Path, tmp_path: Path) -> None:
    """Somebody's files are not mixed with ours."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("")
    with pytest.raises(RunError, match="is no build of this command"):
        build(Request(tree, tmp_path / "out", workers=1))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_a_full_disk_is_one_message(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that what is finished stays, and no half file is left."""
    import errno

    from radimagenet_vqa_tasks.build import shards

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shards.Writer, "write", full)
    with pytest.raises(RunError, match="the disk of .* is full"):
        build(Request(tree, tmp_path / "out", workers=1))
    assert not list((tmp_path / "out").rglob("*.parquet"))
    assert not list((tmp_path / "out").rglob("*.part"))


def test_the_command(tree: Path, tmp_path: Path) -> None:
    """The command builds, says what it left out, and is refused with one line where it cannot."""
    out = tmp_path / "out"
    arguments = ["build", str(tree), "-o", str(out), "--parts", "benchmark", "--images", "20", "--workers", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "test 20 images" in result.output
    assert json.loads((out / PLAN).read_text())["finished"] is True
    wrong = CliRunner().invoke(main, ["build", str(tree), "-o", str(out), "--parts", "benchmrk"])
    assert wrong.exit_code == 2
    assert "'benchmrk' is none of alignment, instruct, benchmark" in wrong.output

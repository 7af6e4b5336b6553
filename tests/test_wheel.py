"""What people install: the wheel holds the task files, the sample and the tiny model, and nothing else of the kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support import ROOT, Command, message

import radimagenet_vqa_tasks

REPOSITORY = "https://example.org/somebody/pack"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """As the release workflow builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    environment = {**os.environ, "REPOSITORY_URL": REPOSITORY, "GITHUB_REF_NAME": "v0.1.0"}
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env=environment)
    return ZipFile(next(folder.glob("*.whl")))


def test_wheel_holds_every_file_of_the_package(wheel: ZipFile) -> None:
    """Task files without an ending, the sample, the taxonomy and the checkpoint are all package data."""
    tracked = subprocess.run(
        ["git", "ls-files", "radimagenet_vqa_tasks"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    names = set(wheel.namelist())
    assert [name for name in tracked if name not in names] == []
    package = "radimagenet_vqa_tasks"
    assert {f"{package}/yaml_tasks/_task_yaml", f"{package}/sample/test.parquet"} <= names
    assert {f"{package}/sample/tiny_vlm/{name}" for name in ("config.json", "model.safetensors")} <= names


def test_sdist_builds_the_same_wheel(wheel: ZipFile, tmp_path: Path) -> None:
    """Who builds from the source archive gets every file of the package, and finds the tests and documents beside."""
    build = [sys.executable, "-m", "hatchling", "build"]
    environment = {**os.environ, "REPOSITORY_URL": REPOSITORY, "GITHUB_REF_NAME": "v0.1.0"}
    subprocess.run(
        [*build, "--target", "sdist", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env=environment,
    )
    shutil.unpack_archive(next(tmp_path.glob("*.tar.gz")), tmp_path)
    [source] = (path for path in tmp_path.iterdir() if path.is_dir())
    subprocess.run([*build, "--target", "wheel", "--directory", tmp_path], cwd=source, check=True, capture_output=True)
    rebuilt = ZipFile(next(tmp_path.glob("*.whl")))
    assert {info.filename: info.CRC for info in rebuilt.infolist()} == {
        info.filename: info.CRC for info in wheel.infolist()
    }
    for name in ("tests/test_wheel.py", "docs/data.md", "CHANGELOG.md", "CITATION.cff", "Makefile"):
        assert (source / name).is_file()


def test_citation_names_this_version() -> None:
    """The citation file is not forgotten when the version moves."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == radimagenet_vqa_tasks.__version__


def test_wheel_is_typed_and_leaves_torch_to_the_host(wheel: ZipFile) -> None:
    """Type checkers read the annotations, and a model may need any torch and transformers that the host takes."""
    assert "radimagenet_vqa_tasks/py.typed" in wheel.namelist()
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    needs = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", wheel.read(metadata).decode(), flags=re.MULTILINE)
    assert "lmms-eval" in needs
    assert not {"torch", "torchvision", "transformers", "accelerate", "decord"} & set(needs)


def test_readme_on_an_index_links_into_the_repository(wheel: ZipFile) -> None:
    """Links and pictures have full addresses, of files that are there; the project's URLs are known."""
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    text = wheel.read(metadata).decode()
    assert f"Project-URL: Source, {REPOSITORY}" in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and all(link.startswith(("https://", "#")) for link in links)
    inside = [link.split("/v0.1.0/")[1] for link in links if link.startswith(REPOSITORY)]
    assert inside and all((ROOT / path.partition("#")[0]).exists() for path in inside)


def test_wheel_is_small_and_licensed(wheel: ZipFile) -> None:
    """The tiny model has at most 12 MB; licence and notice of the images go along; scans and tests stay out."""
    sizes = {info.filename: info.file_size for info in wheel.infolist()}
    assert sum(size for name, size in sizes.items() if "/tiny_vlm/" in name) <= 12_000_000
    assert {Path(name).name for name in sizes if ".dist-info/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert not [name for name in sizes if name.startswith(("tools/", "tests/")) or "train.parquet" in name]


def test_wheel_declares_command_and_hook(wheel: ZipFile) -> None:
    """The console command and the host's entry point are in the metadata."""
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(entry_points).decode()
    assert "radvqa = radimagenet_vqa_tasks.cli:main" in text
    assert "[lmms_eval.models]" in text


@pytest.mark.host
def test_installed_wheel_runs_a_task(wheel: ZipFile, tmp_path: Path, command: Command) -> None:
    """The wheel alone, unpacked where Python finds it first, is found by the host and scores a task of the sample."""
    wheel.extractall(tmp_path / "site")
    site = {"PYTHONPATH": str(tmp_path / "site")}
    where = command(sys.executable, "-c", "import radimagenet_vqa_tasks as p; print(p.__file__)", env=site)
    assert where.stdout.startswith(str(tmp_path / "site")), message(where)
    result = command(
        *("lmms-eval", "--model", "radvqa_chance", "--tasks", "radvqa_sample_pathology_mc_textonly", "--limit", "2"),
        env=site,
    )
    assert "|radvqa_sample_pathology_mc_textonly|none  |     0|accuracy      |" in result.stdout, message(result)


def test_no_file_names_a_package_index() -> None:
    """Where packages come from is the installer's business: no file of the repository names a host."""
    hosts = [b"pypi" + b".org", b"python" + b"hosted.org", b"index" + b"-url"]
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.split(b"\0")
    found = [
        name.decode() for name in tracked if name and any(host in (ROOT / name.decode()).read_bytes() for host in hosts)
    ]
    assert found == []

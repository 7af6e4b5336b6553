"""Where data sets come from: names, local copies, and what is said where one is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from radimagenet_vqa_tasks.benchmarks import SOURCES
from radimagenet_vqa_tasks.data.sources import (
    companion,
    every_file,
    explained,
    local_copies,
    local_files,
    parse_copies,
)
from radimagenet_vqa_tasks.errors import RunError


@pytest.mark.parametrize(
    ("values", "copies"),
    [
        ((), {}),
        (("a/b.parquet",), {"radvqa": "a/b.parquet"}),
        (("slake=a", "b"), {"slake": "a", "radvqa": "b"}),
        (("/x/run=3/test.parquet",), {"radvqa": "/x/run=3/test.parquet"}),
        (("vqarad=/x/run=3",), {"vqarad": "/x/run=3"}),
    ],
)
def test_data_option_names_data_sets(values: tuple[str, ...], copies: dict[str, str]) -> None:
    """A path alone is RadImageNet-VQA's; an equals sign inside a path is the path's."""
    assert parse_copies(values) == {name: Path(path) for name, path in copies.items()}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("slak=x",), "no data set 'slak'. Did you mean 'slake'?"),
        (("imagenet=x",), "Known are radvqa, vqarad, slake, mmmu_med, rexvqa"),
        (("a", "b"), "a copy of radvqa was named before (a)"),
    ],
)
def test_wrong_data_option_is_explained(values: tuple[str, ...], said: str) -> None:
    """A typing error, or a data set named twice, is found before anything starts."""
    with pytest.raises(RunError) as error:
        parse_copies(values)
    assert said in str(error.value)


def test_copies_are_found_by_the_hubs_layout(hub_copy: Path, comparator_copies: dict[str, Path]) -> None:
    """Each part of each data set is where the hub has it, and nothing else is taken."""
    copies = {"radvqa": hub_copy, **comparator_copies}
    files = {name: local_files(name, copies[name]) for name in SOURCES}
    assert {name: list(parts) for name, parts in files.items()} == {
        name: list(source.configurations) for name, source in SOURCES.items()
    }
    assert len(every_file(copies)) == 1 + 1 + 2 + 5 + 1 + 3
    assert local_files("slake", comparator_copies["slake"] / "test.json") == files["slake"]


def test_incomplete_copies_are_explained(tmp_path: Path, comparator_copies: dict[str, Path]) -> None:
    """What is missing of a copy, and what to name instead."""
    shutil.copy(comparator_copies["slake"] / "test.json", tmp_path)
    with pytest.raises(RunError, match=r"imgs.zip is missing. SLAKE's images are in it: copy it too"):
        local_files("slake", tmp_path)
    shutil.copytree(comparator_copies["mmmu_med"] / "Pharmacy", tmp_path / "Pharmacy")
    with pytest.raises(RunError, match=r"holds no Basic_Medical_Science/validation-\*.parquet.*parts in folders"):
        local_files("mmmu_med", tmp_path)
    with pytest.raises(RunError, match="is a file. Name the folder"):
        local_files("mmmu_med", tmp_path / "test.json")
    with pytest.raises(RunError, match="does not exist. Name the Parquet file, or the folder"):
        local_files("vqarad", tmp_path / "nothing")


def test_companion_is_the_local_copys_while_it_is_in_use(comparator_copies: dict[str, Path]) -> None:
    """Outside the context the hub is asked, and offline that is one message."""
    with local_copies(comparator_copies):
        assert companion(SOURCES["slake"]) == (comparator_copies["slake"] / "imgs.zip").resolve()
    with pytest.raises(RunError, match=r"BoKelvin/SLAKE could not be fetched .*--data slake=PATH"):
        companion(SOURCES["slake"])


def test_hub_failure_names_the_data_set_and_its_remedy() -> None:
    """Only a gated data set asks for an agreement."""
    with pytest.raises(RunError) as gated, explained({}):
        raise ConnectionError("cannot reach raidium/RadImageNet-VQA")
    with pytest.raises(RunError) as free, explained({}):
        raise ConnectionError("cannot reach MMMU/MMMU")
    assert "accept its agreement" in str(gated.value)
    assert "agreement" not in str(free.value)
    assert "--data mmmu_med=PATH" in str(free.value)

"""Whole families of questions, without the host: for counting, for pictures, for checking a copy."""

from __future__ import annotations

from pathlib import Path

from datasets import Dataset, concatenate_datasets, load_dataset

from radimagenet_vqa_tasks.benchmarks import distractors, mmmu_med, radvqa, slake, vqarad
from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES
from radimagenet_vqa_tasks.data.adapter import Adapter
from radimagenet_vqa_tasks.data.sources import SOURCE_OF, SOURCES, Source, explained, local_copies, local_files
from radimagenet_vqa_tasks.errors import RunError

SAMPLE = Path(__file__).parent.parent / "sample" / "test.parquet"

_SAMPLED = ("radvqa", "radvqa_distractors")


def question_columns(family: str, data: Path | None = None, *, sample: bool = False) -> Dataset:
    """All questions of a family as Question columns, with undecoded images; see `utils/questions.py`.

    Args:
        family: a name of `cells.FAMILIES`.
        data: a local copy of its data set; without one it comes from the hub.
        sample: take the embedded sample instead (RadImageNet-VQA's families only).

    Raises DataError or RunError, whose message says what is wrong and what to do.
    """
    parts = data_parts(family, data, sample=sample)
    images = None if sample else radvqa.IMAGES
    with local_copies({SOURCE_OF[family]: data} if data else {}):
        if family == "radvqa_distractors":
            found = [distractors.questions(parts[0], cell, images=images) for cell in FAMILIES[family].cells]
        else:
            found = [_adapter(family, images).every(part) for part in parts]
    return concatenate_datasets(found)


def data_parts(family: str, data: Path | None = None, *, sample: bool = False) -> list[Dataset]:
    """The rows of a family's data set as they are, one data set for each of its configurations. Raises RunError."""
    if sample and family not in _SAMPLED:
        raise RunError(f"the embedded sample is RadImageNet-VQA's; it has nothing of {FAMILIES[family].title}.")
    source = SOURCES[SOURCE_OF[family]]
    local = SAMPLE if sample else data
    with explained({family: local} if local else {}):
        if local:
            files = local_files(SOURCE_OF[family], local)
            # As the host loads them, so that the two share one converted copy.
            return [
                load_dataset(source.builder, data_files={source.split: each}, split=source.split)
                for each in files.values()
            ]
        return [_from_hub(source, part) for part in source.configurations]


def _from_hub(source: Source, part: str | None) -> Dataset:
    chosen = {"data_files": {source.split: source.files}} if source.builder == "json" else {}
    return load_dataset(source.repository, part, split=source.split, revision=source.revision, **chosen)


def _adapter(family: str, images: int | None) -> Adapter:
    if family == "radvqa":
        return radvqa.adapter(images)
    if family == "vqarad":
        return vqarad.adapter(vqarad.QUESTIONS)
    if family == "mmmu_med":
        return mmmu_med.adapter
    return slake.adapter(family, slake.QUESTIONS[family])

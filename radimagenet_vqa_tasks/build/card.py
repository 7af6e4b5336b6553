"""The data set's card: README.md, whose head tells the `datasets` library which files are what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.build.plan import PARTS, SPLITS_OF

ROWS_OF_IMAGE = {"alignment": 1, "instruct": 9, "benchmark": 9}

_WHAT = {
    "alignment": "a caption an image, as a conversation",
    "instruct": "nine questions an image, for training",
    "benchmark": "nine questions an image, to be asked (`radvqa run --data`)",
}


@dataclass(frozen=True)
class Content:
    """What was built: images by split, and what a reader should know of them."""

    images: Mapping[str, int]
    normals: int
    parts: Sequence[str]
    seed: int
    notes: Sequence[str]


def card(content: Content) -> str:
    """The text of the card."""
    return "\n".join([*_head(content), *_body(content), ""])


def _present(content: Content) -> list[tuple[str, list[str]]]:
    found = []
    for part in PARTS:
        splits = [split for split in SPLITS_OF[part] if content.images.get(split)]
        if part in content.parts and splits:
            found.append((part, splits))
    return found


def _head(content: Content) -> list[str]:
    lines = ["---", "language:", "- en", "task_categories:", "- visual-question-answering", "configs:"]
    for part, splits in _present(content):
        lines += [f"- config_name: {part}", "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {part}/{split}-*"]
    return [*lines, "---"]


def _body(content: Content) -> list[str]:
    lines = [
        "",
        "# Questions and captions on CT and MRI images",
        "",
        f"Built by `radvqa build` {__version__} with seed {content.seed}, in the columns of RadImageNet-VQA (arXiv "
        "2512.17396). This is not that data set: its images were chosen and its questions drawn anew, so no result on "
        "it may be compared with a published one. The images stay under the terms of those who gave them.",
        "",
        "| configuration | split | images | rows | |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for part, splits in _present(content):
        for split in splits:
            images = content.images[split]
            lines.append(f"| {part} | {split} | {images:,} | {images * ROWS_OF_IMAGE[part]:,} | {_WHAT[part]} |")
    if "benchmark" in content.parts and (images := content.images.get("test", 0)):
        lines += [
            "",
            f"Of the benchmark's {images:,} images {content.normals:,} ({content.normals / images:.1%}) are normal.",
        ]
    return [*lines, "", *(f"- {note[0].upper()}{note[1:]}." for note in content.notes)]

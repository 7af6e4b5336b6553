"""The embedded sample: RadImageNet-VQA's nine questions on forty open scans, under task names of its own."""

from __future__ import annotations

from functools import partial

from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.radvqa import process_docs


def __getattr__(name: str) -> partial[Dataset]:
    return process_docs(name, images=None)

"""Writes the task files from the benchmarks' records: `python tools/make_tasks.py`.

A test holds the two against each other. One folder a benchmark, one for what the package holds. Every file is called
what it defines; those that begin with an underscore are included by the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Cell, Source
from radimagenet_vqa_tasks.plugin import TASKS
from radimagenet_vqa_tasks.scoring.captions import METRICS
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION
from radimagenet_vqa_tasks.tasks import Group, Task, groups, tasks
from radimagenet_vqa_tasks.utils.prompts import VISUALS

HOOKS = "!function radimagenet_vqa_tasks.utils"

SHARED = f"""\
# Written by tools/make_tasks.py. Shared by every task; the generation settings are the paper's (Table 6).
output_type: generate_until
generation_kwargs:
  max_new_tokens: 8192
  temperature: 0
  top_p: 0.0001
  # Without this the host cuts every answer at its first blank line.
  until: []
# Both protocols are scored from the whole response, thinking included; the pack takes it apart itself.
reasoning_tags: none
doc_to_text: {HOOKS}.prompts.doc_to_text
doc_to_visual: {HOOKS}.prompts.doc_to_visual
doc_to_target: target
process_results: !function radimagenet_vqa_tasks.scoring.outcomes.process_results
# The questions of an image are not independent: standard errors are clustered on it.
cluster_key: cluster
score_key: score
metadata:
  version: {TASK_VERSION}
"""


def files() -> dict[str, str]:
    """Every file's path below the folder of the tasks, and its text."""
    found = {"_task_yaml": SHARED}
    for benchmark in BENCHMARKS.values():
        found[f"{benchmark.name}/_data_yaml"] = _data(benchmark)
        if benchmark.embedded:
            found[f"{_folder(benchmark, sample=True)}/_data_yaml"] = _sample(benchmark)
    for task in tasks().values():
        folder = _folder(task.benchmark, sample=task.sample)
        found[f"{folder}/{task.name}.yaml"] = _task(task)
    for group in groups().values():
        first = group.tasks[0]
        found[f"{_folder(first.benchmark, sample=first.sample)}/{group.name}.yaml"] = _group(group)
    return found


def _folder(benchmark: Benchmark, *, sample: bool) -> str:
    return "sample" if sample else benchmark.name


def _data(benchmark: Benchmark) -> str:
    source = benchmark.source
    where = f"from {source.elsewhere}" if source.elsewhere else "on the Hugging Face hub"
    lines = [f"# {source.title} {where}; see docs/data.md. {source.note}"]
    lines.append(f"dataset_path: {source.builder if source.document else source.repository}")
    kwargs = list(_dataset_kwargs(source, benchmark.parts[0]))
    if not source.document and len(source.configurations) == 1 and source.configurations[0]:
        lines.append(f"dataset_name: {source.configurations[0]}")
    if kwargs:
        lines += ["dataset_kwargs:", *kwargs]
    return "\n".join([*lines, f"test_split: {source.split}", ""])


def _dataset_kwargs(source: Source, part: str | None) -> Iterator[str]:
    if source.document:
        yield from ("  data_files:", f"    {source.split}: {source.address(part)}")
        yield from (f"  {name}: {value}" for name, value in source.reading.items())
        return
    if source.revision:
        yield f"  revision: {source.revision}"
    if source.builder == "json":
        yield from ("  data_files:", f"    {source.split}: {source.files}")


def _sample(benchmark: Benchmark) -> str:
    assert benchmark.embedded
    return (
        "# Slices of open scans, embedded in the package. They exercise every path; they measure no model.\n"
        "dataset_path: parquet\ndataset_kwargs:\n  data_files:\n"
        f"    {benchmark.source.split}: ../../{benchmark.embedded.file}\ntest_split: {benchmark.source.split}\n"
    )


def _task(task: Task) -> str:
    hook = f"process_docs: {HOOKS}.questions.{task.name}\n"
    if task.arm != "image":
        base = Task(task.benchmark, task.cell, "image", task.sample).name
        return f"task: {task.name}\ninclude: {base}.yaml\n{hook}{_arm(task)}"
    part = f"dataset_name: {task.cell.part}\n" if task.cell.part and not task.benchmark.source.document else ""
    data = f"include: [_data_yaml, ../_task_yaml]\n{part}"
    return f"task: {task.name}\n{data}{hook}{_prompt(task)}{_metrics(task.cell)}"


def _arm(task: Task) -> str:
    """What an arm changes of its cell's task."""
    visual = VISUALS[task.arm]
    shown = f"doc_to_visual: {HOOKS}.prompts.{visual.__name__}\n" if visual is not VISUALS["image"] else ""
    return shown + (_prompt(task) if task.arm == "told" else "")


def _prompt(task: Task) -> str:
    lines = [f"    {name}: {_text(value)}" for name, value in task.affixes.items()]
    return "\n".join(["lmms_eval_specific_kwargs:", "  default:", *lines, ""])


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON's strings are YAML's


def _metrics(cell: Cell) -> str:
    names = ["accuracy", *(["accuracy_paper"] if cell.paper else [])]
    names = list(METRICS) if cell.format == "caption" else names
    metric = f"  - metric: {{}}\n    aggregation: {HOOKS}.aggregation.accuracy\n    higher_is_better: true\n"
    return "metric_list:\n" + "".join(metric.format(name) for name in names)


def _group(group: Group) -> str:
    note = "".join(f"# {line}\n" for line in group.note.splitlines())
    listed = "".join(f"  - {task.name}\n" for task in group.tasks)
    text = f"{note}group: {group.name}\ntask:\n{listed}"
    if group.averaged:
        names = ["accuracy", *(["accuracy_paper"] if all(task.cell.paper for task in group.tasks) else [])]
        metric = f"  - metric: {{}}\n    aggregation: {HOOKS}.aggregation.{group.name}\n"
        text += "aggregate_metric_list:\n" + "".join(metric.format(name) for name in names)
    return f"{text}metadata:\n  version: {TASK_VERSION}\n"


def write(folder: Path = TASKS) -> None:
    """Write every file, and remove those that no benchmark asks for any more."""
    wanted = files()
    for path in folder.rglob("*yaml"):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()

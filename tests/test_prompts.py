"""What models are shown, word for word, in every task and for both kinds of the host's backends."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image

from radimagenet_vqa_tasks import plugin
from radimagenet_vqa_tasks.data.sources import local_copies, local_files
from radimagenet_vqa_tasks.host import import_host, task_manager
from radimagenet_vqa_tasks.run.questions import Pictures, line
from radimagenet_vqa_tasks.scoring import captions
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION
from radimagenet_vqa_tasks.tasks import tasks

pytestmark = pytest.mark.host
GOLDEN = Path(__file__).parent / "golden" / "prompts.json"
TASKS = sorted(
    path.stem for path in plugin.TASKS.rglob("*.yaml") if path.read_text(encoding="utf-8").startswith("task:")
)


@pytest.fixture(scope="module")
def manager(hub_copy: Path, comparator_copies: dict[str, Path]) -> Iterator[Any]:
    """The host's task manager on the pack's tasks, with data of the benchmarks' shapes in the hub's place."""
    copies = {"radvqa": hub_copy, **comparator_copies}
    host = import_host()
    files = {name: local_files(name, data) for name, data in copies.items()}
    with pytest.MonkeyPatch.context() as patch, local_copies(copies):
        patch.setattr(captions, "require", lambda: None)  # prompts are made without what measures captions
        arguments = Namespace(verbosity="WARNING", include_path=None, model="a_model")
        yield task_manager(host, arguments, files)


def prompts(manager: Any, name: str, kind: str) -> dict[str, Any]:
    """What a backend of this kind gets for a task's first question of each format, images by their size."""
    task = manager.load_task_or_group([name], kind)[name]
    first = {form: task.eval_docs["format"][:].index(form) for form in dict.fromkeys(task.eval_docs["format"][:])}
    shown = {form: prompt(task, task.eval_docs[row], kind) for form, row in first.items()}
    if kind == "simple":
        assert shown == {form: written(name, task.eval_docs[row]) for form, row in first.items()}
    return shown if len(shown) > 1 else next(iter(shown.values()))


def prompt(task: Any, doc: Any, kind: str) -> dict[str, Any]:
    if kind == "simple":
        return {"visuals": [describe(image) for image in task.doc_to_visual(doc)], "text": task.doc_to_text(doc)}
    [message] = task.doc_to_messages(doc)
    content = [
        part if part["type"] == "text" else {**part, "url": describe(part["url"])} for part in message["content"]
    ]
    return {**message, "content": content}


def written(name: str, doc: Any) -> dict[str, Any]:
    """The same, as `radvqa questions` writes it."""
    with TemporaryDirectory() as folder:
        found = line(tasks()[name], doc, Pictures(Path(folder)))
        images = [Image.open(Path(folder, Path(file).name)) for file in found["images"]]
        return {"visuals": [describe(image) for image in images], "text": found["prompt"]}


def describe(image: Any) -> str:
    return f"{image.mode} {image.width} x {image.height}"


def test_prompts_equal_the_golden_files(manager: Any, update_golden: bool) -> None:
    """A changed prompt changes every score: it is changed on purpose, with a new task version, or not at all."""
    found = {"version": TASK_VERSION} | {
        name: {kind: prompts(manager, name, kind) for kind in ("simple", "chat")} for name in TASKS
    }
    if update_golden:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(TASKS) >= 58
    assert found == golden


def test_generation_settings_are_the_papers(manager: Any) -> None:
    """Table 6 of the paper; without `until: []` the host would cut answers at a blank line."""
    for name in TASKS:
        task = manager.load_task_or_group([name], "simple")[name]
        assert task.config.generation_kwargs == {
            "max_new_tokens": 8192,
            "temperature": 0.0,
            "top_p": 0.0001,
            "until": [],
        }
        assert task.VERSION == TASK_VERSION
        assert (task.config.cluster_key, task.config.score_key) == ("cluster", "score")


def test_prompts_can_be_overridden_for_one_model(manager: Any) -> None:
    """Users of the host change a prompt in `lmms_eval_specific_kwargs`, under the model's name."""
    changes = {"a_model": {"pre_prompt": "Look. ", "post_prompt": " Think."}, "default": {}}
    config = manager._get_config("radvqa_sample_anatomy_open") | {"lmms_eval_specific_kwargs": changes}
    task = manager.load_config(config)["radvqa_sample_anatomy_open"]
    assert task.doc_to_text(task.eval_docs[0]) == f"Look. {task.eval_docs[0]['question']} Think."

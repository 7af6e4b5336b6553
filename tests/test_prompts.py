"""What models are shown, word for word, in every task and for both kinds of the host's backends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from radimagenet_vqa_tasks import catalogue
from radimagenet_vqa_tasks.host import import_host, task_manager
from radimagenet_vqa_tasks.hub import parquet_files
from radimagenet_vqa_tasks.utils.outcomes import TASK_VERSION

GOLDEN = Path(__file__).parent / "golden" / "prompts.json"
GROUPS = {"radvqa", "radvqa_anatomy", "radvqa_pathology"}
TASKS = [name for name in catalogue.names() if name not in GROUPS and not name.endswith(("_sample", "vqa_textonly"))]
TASKS = [name for name in TASKS if name != "radvqa_sample_textonly"]


@pytest.fixture(scope="module")
def manager(hub_copy: Path) -> Any:
    """The host's task manager on the pack's tasks, with the benchmark-shaped data in the hub's place."""
    host = import_host()
    return task_manager(host.TaskManager, parquet_files(hub_copy))(model_name="a_model")


def prompt(manager: Any, name: str, kind: str) -> dict[str, Any]:
    """What a backend of this kind gets for a task's first question, images by their size."""
    task = manager.load_task_or_group([name], kind)[name]
    doc = task.eval_docs[0]
    if kind == "simple":
        return {"visuals": [describe(image) for image in task.doc_to_visual(doc)], "text": task.doc_to_text(doc)}
    [message] = task.doc_to_messages(doc)
    content = [
        part if part["type"] == "text" else {**part, "url": describe(part["url"])} for part in message["content"]
    ]
    return {**message, "content": content}


def describe(image: Any) -> str:
    return f"{image.mode} {image.width} x {image.height}"


def test_prompts_equal_the_golden_files(manager: Any, update_golden: bool) -> None:
    """A changed prompt changes every score: it is changed on purpose, with a new task version, or not at all."""
    found = {"version": TASK_VERSION} | {
        name: {kind: prompt(manager, name, kind) for kind in ("simple", "chat")} for name in TASKS
    }
    if update_golden:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(TASKS) == 36
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

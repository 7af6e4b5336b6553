"""The runner finds the pack after a plain install, from any folder, and is never broken by it."""

from __future__ import annotations

import shutil
import sys
import types
from pathlib import Path

import pytest
from support import ROOT, Command, message
from tenacity import RetryError, retry, stop_after_attempt, wait_fixed

from radimagenet_vqa_tasks import plugin
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run import catalogue

SAMPLE_TASK = ("--model", "radvqa_chance", "--tasks", "radvqa_sample_anatomy_mc", "--limit", "2", "--batch_size", "1")
SCORED = "|radvqa_sample_anatomy_mc|none  |     0|accuracy      |"


@pytest.mark.host
def test_bare_command_runs_a_task_from_an_empty_folder(command: Command) -> None:
    """`lmms-eval --tasks <ours>` needs no variable, no path and no configuration."""
    result = command("lmms-eval", *SAMPLE_TASK, env={"LMMS_EVAL_PLUGINS": ""})
    assert SCORED in result.stdout, message(result)


@pytest.mark.host
@pytest.mark.parametrize(
    "launcher",
    [(sys.executable, "-m", "lmms_eval"), ("accelerate", "launch", "--cpu", "--num_processes", "1", "-m", "lmms_eval")],
    ids=["python", "accelerate"],
)
def test_module_and_accelerate_find_the_tasks_too(command: Command, launcher: tuple[str, ...]) -> None:
    """`python -m lmms_eval` and `accelerate launch -m lmms_eval` load the same hook."""
    result = command(*launcher, *SAMPLE_TASK)
    assert SCORED in result.stdout, message(result)


@pytest.mark.host
def test_include_path_works_on_a_checkout_without_the_hook(command: Command, tmp_path: Path) -> None:
    """Where the hook is absent, `--include_path "$(radvqa tasks --path)"` is the working alternative it names."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "radimagenet_vqa_tasks", checkout / "radimagenet_vqa_tasks")
    # Without entry points there is no pack backend either: the host's own constant model answers.
    no_hook = "import importlib.metadata as m; m.entry_points = lambda **_: m.EntryPoints(())\n"
    (checkout / "sitecustomize.py").write_text(no_hook)
    path = command(sys.executable, "-m", "radimagenet_vqa_tasks", "tasks", "--path", env={"PYTHONPATH": str(checkout)})
    assert path.stdout.startswith(str(checkout)), message(path)
    result = command(
        *("lmms-eval", "--model", "dummy", "--model_args", "response=B", "--limit", "2"),
        *("--tasks", "radvqa_sample_anatomy_mc", "--include_path", path.stdout.strip()),
        env={"PYTHONPATH": str(checkout)},
    )
    assert SCORED in result.stdout, message(result)


@pytest.mark.host
def test_names_do_not_collide_with_the_hosts() -> None:
    """Built-in names win over a pack's without a word, so none may be the same."""
    import lmms_eval.tasks

    folder = Path(lmms_eval.tasks.__file__).parent
    theirs = {path.stem for path in folder.rglob("*.yaml")}
    assert not theirs & set(catalogue.names())
    assert len(theirs) > 100


def test_files_are_called_what_they_define() -> None:
    """The catalogue reads names off file names; each must be the name inside."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!function", lambda loader, node: node.value)
    for path in plugin.TASKS.rglob("*.yaml"):
        config = yaml.load(path.read_text(encoding="utf-8"), Loader)
        assert path.stem == config.get("group", config["task"])


def test_hook_imports_nothing_heavy(command: Command) -> None:
    """Loading the entry point costs the host no import that it would not make anyway."""
    script = (
        "import sys\n"
        "from radimagenet_vqa_tasks.plugin import manifests\n"
        "import lmms_eval.models.registry_v2\n"
        "before = set(sys.modules)\n"
        "names = [manifest.model_id for manifest in manifests()]\n"
        "assert names == ['radvqa_chance', 'radvqa_prior', 'radvqa_clip'], names\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    result = command(sys.executable, "-c", script)
    assert result.stdout.splitlines()[-1] == "[]", message(result)


@pytest.fixture
def broken_host() -> types.ModuleType:
    """A future version of the host, whose TaskManager has lost the method that the hook extends."""
    host = types.ModuleType("lmms_eval.tasks")
    host.TaskManager = type("TaskManager", (), {})  # type: ignore[attr-defined]
    return host


def test_changed_host_gets_one_warning_that_names_the_alternative(
    broken_host: types.ModuleType, warnings_said: list[str]
) -> None:
    """A host without the method goes on unharmed."""
    plugin.add_tasks(broken_host)
    assert len(warnings_said) == 1
    assert '--include_path "$(radvqa tasks --path)"' in warnings_said[0]


def test_failing_index_gets_a_warning_and_the_hosts_own_tasks(
    broken_host: types.ModuleType, warnings_said: list[str]
) -> None:
    """Where indexing our folder fails, the host's index is returned as it is."""

    class TaskManager:
        def initialize_tasks(self) -> dict[str, int]:
            return {"theirs": 1}

    broken_host.TaskManager = TaskManager  # type: ignore[attr-defined]
    plugin.add_tasks(broken_host)
    assert TaskManager().initialize_tasks() == {"theirs": 1}
    assert "could not register" in warnings_said[0]


def test_host_without_the_registry_is_not_broken(monkeypatch: pytest.MonkeyPatch, warnings_said: list[str]) -> None:
    """If the host has moved its model registry, the entry point returns nothing instead of raising."""
    monkeypatch.setitem(sys.modules, "lmms_eval.models.registry_v2", None)
    monkeypatch.setitem(sys.modules, plugin.HOST_MODULE, None)
    assert plugin.manifests() == []
    assert "could not register" in warnings_said[0]


@pytest.mark.host
def test_real_host_with_a_broken_pack_still_runs(command: Command, tmp_path: Path) -> None:
    """With the hook failing inside the real host, the host's index is still there and the warning is printed once."""
    (tmp_path / "sitecustomize.py").write_text(
        "import radimagenet_vqa_tasks.plugin as p\n"
        "original = p.add_tasks\n"
        "p.add_tasks = lambda host: original(type('Host', (), {'TaskManager': object}))\n"
    )
    script = (
        "import lmms_eval.models\n"
        "from lmms_eval.tasks import TaskManager\n"
        "tasks = TaskManager().all_tasks\n"
        "print('mmmu_val' in tasks)\n"
    )
    result = command(sys.executable, "-c", script, env={"PYTHONPATH": str(tmp_path)})
    assert result.stdout.splitlines()[-1] == "True", message(result)
    assert result.stdout.count("radvqa tasks --path") == 1


class Host:
    """A host whose task fetches its data as the real one does, again and again."""

    class ConfigurableTask:
        DATASET_PATH = "raidium/RadImageNet-VQA"
        tries = 0

        @retry(stop=stop_after_attempt(5), wait=wait_fixed(0))
        def download(self, dataset_kwargs: object = None) -> None:
            Host.ConfigurableTask.tries += 1
            raise ConnectionError("403 Client Error: you are not in the authorized list")


def test_a_gated_data_set_is_explained_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the host's own command too: one try, an error that names the agreement; others as before."""
    plugin.explain_data(Host)  # type: ignore[arg-type]
    task = Host.ConfigurableTask()
    with pytest.raises(RunError, match="accept its agreement on its page, then log in"):
        task.download(None)
    assert Host.ConfigurableTask.tries == 1
    monkeypatch.setattr(Host.ConfigurableTask, "DATASET_PATH", "somebody/else")
    with pytest.raises(RetryError):
        task.download(None)
    assert Host.ConfigurableTask.tries == 6


def test_import_hook_waits_for_one_module_only() -> None:
    """The hook touches no other import, runs once, and a module that is not there fails as ever."""
    seen: list[str] = []
    plugin._when_imported("antigravity_of_the_pack", lambda module: seen.append(module.__name__))
    finder = sys.meta_path[0]
    try:
        __import__("json.tool")
        assert sys.meta_path[0] is finder
        with pytest.raises(ModuleNotFoundError):
            __import__("antigravity_of_the_pack")
        assert finder not in sys.meta_path
    finally:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
    assert seen == []

"""From labelled images to a tuned model that is compared with its base: the commands of docs/training.md, really run.

    python tests/build/e2e_train.py ENVIRONMENT [FOLDER]

ENVIRONMENT is the Python of an environment with LLaMA-Factory; `make train-e2e` makes one. The scans of this repository
are laid out as RadImageNet, built, exported, and the embedded tiny model is trained on them in the paper's two stages,
on CPUs. Held: what is frozen is not changed, what is open is; the loss falls in both stages; the tuned model is one
that the runner evaluates. Takes ten minutes or so on two cores.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean

from safetensors.torch import load_file

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "tools")]
from scans_tree import lay_out  # noqa: E402

ROOT = Path(__file__).parents[2]
TINY = ROOT / "radimagenet_vqa_tasks" / "sample" / "tiny_vlm"

# What a CPU and a model of two million weights need; everything else is as `radvqa recipe` writes it.
ON_CPU = ("use_cpu=true", "bf16=false", "plot_loss=false", "preprocessing_num_workers=1")
SMALL = ("learning_rate=2e-4", "per_device_train_batch_size=16", "gradient_accumulation_steps=1", "logging_steps=1")
MODEL_ARGS = "device=cpu,device_map=cpu,attn_implementation=sdpa"


def main() -> None:
    """Run everything, and fail loudly where anything is not as it should be."""
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    if len(sys.argv) == 3:
        run_all(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        run_all(Path(sys.argv[1]), Path(folder))


def run_all(environment: Path, folder: Path) -> None:
    scans, built, rows, recipe = (folder / name for name in ("scans", "built", "rows", "recipe"))
    scans.mkdir(parents=True)
    lay_out(scans)
    radvqa("build", scans, "-o", built)
    radvqa("export", built, "--format", "llamafactory", "-o", rows)
    given = ("--model", TINY, "--template", "qwen2_vl", "--data", rows, "--gpus", "1")
    radvqa("recipe", "--trainer", "llamafactory", *given, "-o", recipe)
    for stage in ("alignment", "instruct"):
        said(environment.parent / "llamafactory-cli", "train", recipe / f"{stage}.yaml", *ON_CPU, *SMALL)
        check_loss(recipe / "models" / stage)
    check_weights(recipe / "models")
    for name, model in (("base", TINY), ("tuned", recipe / "models" / "instruct")):
        arguments = ("--model", "qwen2_5_vl", "--model_args", f"pretrained={model},{MODEL_ARGS}", "--batch_size", "20")
        radvqa("run", "--data", built, *arguments, "--tasks", "radvqa", "--output_path", folder / name)
    print(radvqa("compare", folder / "base", folder / "tuned"))


def radvqa(*arguments: object) -> str:
    return said(sys.executable, "-m", "radimagenet_vqa_tasks", *arguments)


def said(*command: object) -> str:
    words = [str(word) for word in command]
    print("$", " ".join(words), flush=True)
    # A model of two million weights gains nothing by threads, and loses much where others want the processors too.
    result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if result.returncode:
        raise SystemExit(f"exit {result.returncode}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}")
    return result.stdout


def check_loss(model: Path) -> None:
    """The last quarter's mean is below the first's."""
    history = json.loads((model / "trainer_state.json").read_text())["log_history"]
    losses = [step["loss"] for step in history if "loss" in step]
    quarter = max(1, len(losses) // 4)
    first, last = mean(losses[:quarter]), mean(losses[-quarter:])
    print(f"{model.name}: loss {first:.4f} in the first quarter, {last:.4f} in the last, {history[-1]['step']} steps")
    assert last < first, f"the loss of {model.name} did not fall"


def check_weights(models: Path) -> None:
    """The language model is untouched by alignment and changed by instruct; the vision tower is changed by both."""
    base, aligned, tuned = (digests(folder) for folder in (TINY, models / "alignment", models / "instruct"))
    for before, after, frozen in ((base, aligned, True), (aligned, tuned, False)):
        assert before.keys() == after.keys()
        same = {name for name in before if before[name] == after[name]}
        vision = {name for name in before if ".visual." in f".{name}"}
        language = before.keys() - vision
        print(
            f"unchanged: {len(same & language)} of {len(language)} weights of the language model, "
            f"{len(same & vision)} of {len(vision)} of the vision tower and projector"
        )
        assert same & language == (language if frozen else set()), sorted(same & language)[:3]
        assert len(same & vision) < len(vision) / 4, sorted(same & vision)[:3]


def digests(folder: Path) -> dict[str, str]:
    """Weight -> digest of its values, in one precision: the trainer saves in another than it was given."""
    weights = {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}
    return {name: hashlib.sha256(tensor.float().numpy().tobytes()).hexdigest() for name, tensor in weights.items()}


if __name__ == "__main__":
    main()

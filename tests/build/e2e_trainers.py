"""Every exported form through the trainer's own loader, and a few steps of training where the trainer runs on a CPU.

    python tests/build/e2e_trainers.py LLAMAFACTORY SWIFT

Both are the Pythons of environments: one with LLaMA-Factory, which brings TRL, one with ms-swift; `make trainers-e2e`
makes them. LLaVA's loader is in no package; its form is held by the tests alone. Takes some minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "tools")]
import make_sample  # noqa: E402
from scans_tree import lay_out  # noqa: E402

ROOT = Path(__file__).parents[2]
TINY = ROOT / "radimagenet_vqa_tasks" / "sample" / "tiny_vlm"
BATCH = 4
MARKED = "hip knee hip knee"  # what only the second data set asks, in words that the tiny model knows

# Each runs in a trainer's environment, with a folder of rows (and more) as arguments, and prints one JSON object.
LLAMAFACTORY = """
import json, sys
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer
model, rows, out, *names = sys.argv[1:]
said = {}
for name in names:
    args = dict(model_name_or_path=model, template="qwen2_vl", stage="sft", do_train=True, finetuning_type="full",
                dataset_dir=rows, dataset=name, cutoff_len=2048, output_dir=out, use_cpu=True, report_to="none")
    model_args, data_args, training_args, _, _ = get_train_args(args)
    loaded = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(loaded["tokenizer"], data_args)
    found = get_dataset(template, model_args, data_args, training_args, stage="sft", **loaded)["train_dataset"]
    first = found[0]
    answer = [token for token, label in zip(first["input_ids"], first["labels"]) if label != -100]
    said[name] = [len(found), len(first["images"]), loaded["tokenizer"].decode(answer)]
print(json.dumps(said))
"""

# Records what is in each batch that the trainer makes, in the order in which it trains on them.
ORDER = """
import json, sys
import yaml
from llamafactory.train.sft.trainer import CustomSeq2SeqTrainer
from llamafactory.train.tuner import run_exp
recipe, marked, steps = sys.argv[1:]
batches, real = [], CustomSeq2SeqTrainer.compute_loss
def compute_loss(self, model, inputs, *args, **kwargs):
    texts = self.processing_class.batch_decode(inputs["input_ids"])
    batches.append([marked in text for text in texts])
    return real(self, model, inputs, *args, **kwargs)
CustomSeq2SeqTrainer.compute_loss = compute_loss
settings = yaml.safe_load(open(recipe))
settings |= dict(use_cpu=True, bf16=False, plot_loss=False, preprocessing_num_workers=1, max_steps=int(steps))
run_exp(settings)
print(json.dumps(batches))
"""

TRL = """
import json, sys
import yaml
from datasets import concatenate_datasets, load_dataset
from transformers import AutoModelForImageTextToText, AutoProcessor
from trl import SFTConfig, SFTTrainer
model, rows, out = sys.argv[1:]
mixture = yaml.safe_load(open(f"{rows}/datasets.yaml"))["datasets"]
found = concatenate_datasets([load_dataset(**one) for one in mixture])
config = SFTConfig(out, max_length=None, max_steps=3, per_device_train_batch_size=2, use_cpu=True, bf16=False,
                   report_to="none", logging_steps=1, save_strategy="no", gradient_checkpointing=False)
trainer = SFTTrainer(AutoModelForImageTextToText.from_pretrained(model, dtype="float32"), config, train_dataset=found,
                     processing_class=AutoProcessor.from_pretrained(model))
trainer.train()
print(json.dumps([len(found), [step["loss"] for step in trainer.state.log_history if "loss" in step]]))
"""

SWIFT = """
import json, sys
from swift.dataset import load_dataset, register_dataset_info
rows, *names = sys.argv[1:]
register_dataset_info(f"{rows}/dataset_info.json")
said = {}
for name in names:
    found, _ = load_dataset([name], num_proc=1, strict=True)
    said[name] = [len(found), len(found[0]["images"]), found[0]["messages"][-1]["content"]]
print(json.dumps(said))
"""


def main() -> None:
    """Export, load and train, and fail loudly where anything is not as it should be."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        run_all(Path(sys.argv[1]), Path(sys.argv[2]), Path(folder))


def run_all(llamafactory: Path, swift: Path, folder: Path) -> None:
    (folder / "scans").mkdir()
    built, other = folder / "built", other_data(folder / "other")
    run(sys.executable, "-m", "radimagenet_vqa_tasks", "build", lay_out(folder / "scans", every=3), "-o", built)
    names = ("radvqa_alignment", "radvqa_instruct", "vqarad")
    for images in ("files", "embedded"):
        rows = exported(folder, "llamafactory", images, built, other)
        report("LLaMA-Factory", images, run(llamafactory, "-c", LLAMAFACTORY, TINY, rows, folder / "x", *names))
        rows = exported(folder, "swift", images, built, other)
        report("ms-swift", images, run(swift, "-c", SWIFT, rows, *names, images=rows))
        rows = exported(folder, "trl", images, built, other)
        count, losses = json.loads(run(llamafactory, "-c", TRL, TINY, rows, folder / "trl"))
        print(f"TRL, images {images}: {count} rows, losses of the first steps {losses}")
        assert count > 400 and len(losses) == 3
    check_order(llamafactory, folder, built, other)


def exported(folder: Path, form: str, images: str, *data: Path) -> Path:
    out = folder / f"{form}-{images}"
    run(sys.executable, "-m", "radimagenet_vqa_tasks", "export", *data, "--format", form, "--images", images, "-o", out)
    return out


def report(trainer: str, images: str, said: str) -> None:
    for name, (rows, pictures, answer) in json.loads(said).items():
        print(f"{trainer}, images {images}: {name} has {rows} rows; the first has {pictures} image, answer {answer!r}")
        assert rows >= 40 and pictures == 1 and answer.strip()


def other_data(folder: Path) -> Path:
    """A second data set in VQA-RAD's form, on scans that are trained on."""
    (folder / "data").mkdir(parents=True)
    scans = make_sample.split(make_sample.read_scans())["train"][:60]
    rows = [
        {
            "image": {"bytes": (make_sample.SCANS / scan.image.path).read_bytes(), "path": None},
            "question": MARKED,
            "answer": str(scan.index),
        }
        for scan in scans
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-00000-of-00001.parquet")
    return folder


def check_order(llamafactory: Path, folder: Path, built: Path, other: Path) -> None:
    """Alternating: every real batch is from one data set, and both have their turn. Mixed: they are not."""
    rows = folder / "in-turns"
    pack = (sys.executable, "-m", "radimagenet_vqa_tasks")
    run(*pack, "export", built, other, "--format", "llamafactory", "--alternate", BATCH, "-o", rows)
    for sampling in ("alternating", "mixed"):
        out = folder / f"recipe-{sampling}"
        given = ("--model", TINY, "--template", "qwen2_vl", "--data", rows, "--gpus", "1", "--batch_size", BATCH)
        run(*pack, "recipe", "--trainer", "llamafactory", *given, "--sampling", sampling, "-o", out)
        settings = (out / "instruct.yaml").read_text().replace(str(out.resolve() / "models" / "alignment"), str(TINY))
        (out / "instruct.yaml").write_text(settings)
        batches = json.loads(run(llamafactory, "-c", ORDER, out / "instruct.yaml", MARKED, 24))
        steps = [list(chain(*batches[first : first + BATCH])) for first in range(0, len(batches), BATCH)]
        pure = sum(len(set(step)) == 1 for step in steps)
        marked = sum(any(step) for step in steps)
        print(f"{sampling}: {pure} of {len(steps)} global batches from one data set; {marked} hold the second's rows")
        assert all(len(step) == BATCH for step in steps)
        assert marked and (pure == len(steps)) == (sampling == "alternating")


def run(*command: object, images: Path | None = None) -> str:
    """The last line that a command prints."""
    words = [str(word) for word in command]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **({"ROOT_IMAGE_DIR": str(images)} if images else {})}
    result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=env)
    if result.returncode:
        raise SystemExit(f"exit {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-6000:]}")
    return (result.stdout.strip().splitlines() or [""])[-1]


if __name__ == "__main__":
    main()

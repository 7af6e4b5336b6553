"""`radvqa export`: training rows in a trainer's own form, with the file in which the trainer looks up data sets.

What each trainer takes was read in its documents and is loaded by its own loader in `make trainers-e2e`.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from tqdm import tqdm

from radimagenet_vqa_tasks.build.alternating import alternate
from radimagenet_vqa_tasks.build.held_out import HeldOut, image_hash
from radimagenet_vqa_tasks.build.training_data import MARK, Example, TrainingSet, training_sets
from radimagenet_vqa_tasks.errors import DataError, RunError

TRAINERS = ("llamafactory", "swift", "trl", "llava")
IMAGES = ("files", "embedded")
_IN_GROUP = 100  # rows of a Parquet row group
_SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg"}


@dataclass(frozen=True)
class Request:
    """An export as it is asked for; see `radvqa export --help`. `images` None: what the trainer is used to."""

    data: tuple[Path, ...]
    out: Path
    trainer: str
    images: str | None = None
    held_out: tuple[Path, ...] = ()
    alternate: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Exported:
    """Name of a data set -> its rows; as the registry file names them."""

    out: Path
    rows: dict[str, int]


def export(request: Request) -> Exported:
    """Write the export into a new folder, whole or not at all.

    Raises DataError where the data are test data or not what they should be, RunError where nothing can be written.
    """
    embedded = (request.images or ("embedded" if request.trainer == "trl" else "files")) == "embedded"
    if embedded and request.trainer == "llava":
        raise RunError("LLaVA reads images from files only. Leave --images out.")
    if request.alternate and (embedded or request.trainer not in ("llamafactory", "swift")):
        raise RunError("--alternate orders lines of JSON: it goes with llamafactory and swift, and images in files.")
    if request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise RunError(f"{request.out} is there and not empty. Choose another folder with -o.")
    sets = [one for data in request.data for one in training_sets(data)]
    _check_names(sets)
    guard = HeldOut()
    for data in request.data:
        guard.add_own(data)
    for copy in request.held_out:
        guard.add(copy)
    part = request.out.with_name(f".{request.out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        rows = _write(request, sets, guard, part, embedded)
        part.replace(request.out)
    except OSError as error:
        full = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise RunError(f"cannot write to {request.out}: {full}. Nothing was exported.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(request.out, rows)


def _check_names(sets: Sequence[TrainingSet]) -> None:
    names = [one.name for one in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"more than one of these folders holds {twice[0]}. Export them one by one.")


def _write(request: Request, sets: Sequence[TrainingSet], guard: HeldOut, out: Path, embedded: bool) -> dict[str, int]:
    (out / "images").mkdir(parents=True)
    form = _FORMS[request.trainer]
    counts = {}
    for one in sets:
        examples = tqdm(guard.guard(one.examples), desc=one.name, unit=" rows", mininterval=1)
        rows = form.rows(one, examples, out, request.out, embedded)
        file = out / f"{one.name}.{form.suffix(embedded)}"
        counts[one.name] = _WRITERS[file.suffix](file, rows)
    if embedded:
        (out / "images").rmdir()
    if request.alternate:
        mixed = [one.name for one in sets if one.stage == "instruct" and not one.name.endswith("_val")]
        files = [out / f"{name}.jsonl" for name in mixed]
        counts["alternating"] = alternate(files, out / "alternating.jsonl", request.alternate, request.seed)
    form.register(out, request.out, counts, embedded)
    return counts


def _save_image(example: Example, out: Path) -> str:
    """Put an image into a file, once, and return its path in the export."""
    name = image_hash(example.image).hex()
    suffix = next((suffix for head, suffix in _SUFFIXES.items() if example.image.startswith(head)), ".img")
    path = Path("images", name[:2], f"{name}{suffix}")
    if not (out / path).exists():
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_bytes(example.image)
    return path.as_posix()


class _Form:
    """One trainer's form of rows and registry. `final` is where the export will be."""

    def suffix(self, embedded: bool) -> str:
        return "parquet" if embedded else "jsonl"

    def rows(
        self, one: TrainingSet, examples: Iterable[Example], out: Path, final: Path, embedded: bool
    ) -> Iterator[dict[str, Any]]:
        for example in examples:
            image: Any = {"bytes": example.image, "path": None} if embedded else _save_image(example, out)
            yield self.row(one, example, image, final)

    def row(self, one: TrainingSet, example: Example, image: Any, final: Path) -> dict[str, Any]:
        raise NotImplementedError

    def register(self, out: Path, final: Path, counts: Mapping[str, int], embedded: bool) -> None:
        raise NotImplementedError


class _LlamaFactory(_Form):
    """ShareGPT rows and dataset_info.json; images are found from `dataset_dir`, or held in the rows."""

    def row(self, one: TrainingSet, example: Example, image: Any, final: Path) -> dict[str, Any]:
        return {"conversations": _turns(example), "images": [image]}

    def register(self, out: Path, final: Path, counts: Mapping[str, int], embedded: bool) -> None:
        described = {
            name: {
                "file_name": f"{name}.{self.suffix(embedded)}",
                "formatting": "sharegpt",
                "columns": {"messages": "conversations", "images": "images"},
                "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
            }
            for name in counts
        }
        _dump(out / "dataset_info.json", described)


class _Swift(_Form):
    """Rows of messages, and dataset_info.json for `--custom_dataset_info`; images are found from ROOT_IMAGE_DIR."""

    def row(self, one: TrainingSet, example: Example, image: Any, final: Path) -> dict[str, Any]:
        messages = [
            {"role": "user", "content": f"{MARK}\n{example.said}"},
            {"role": "assistant", "content": example.answer},
        ]
        return {"messages": messages, "images": [image]}

    def register(self, out: Path, final: Path, counts: Mapping[str, int], embedded: bool) -> None:
        described = [
            {"dataset_name": name, "dataset_path": str(final.resolve() / f"{name}.{self.suffix(embedded)}")}
            for name in counts
        ]
        _dump(out / "dataset_info.json", described)


class _Trl(_Form):
    """Conversational vision rows, and datasets.yaml: a mixture for TRL's configuration."""

    def suffix(self, embedded: bool) -> str:
        return "parquet"

    def row(self, one: TrainingSet, example: Example, image: Any, final: Path) -> dict[str, Any]:
        cell = image if isinstance(image, dict) else {"bytes": None, "path": str(final.resolve() / image)}
        user = [{"type": "image", "text": None}, {"type": "text", "text": example.said}]
        assistant = [{"type": "text", "text": example.answer}]
        messages = [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        return {"messages": messages, "images": [cell]}

    def register(self, out: Path, final: Path, counts: Mapping[str, int], embedded: bool) -> None:
        train = [name for name in counts if not name.endswith("_val")]
        files = [
            {"path": "parquet", "data_files": str(final.resolve() / f"{name}.parquet"), "split": "train"}
            for name in train
        ]
        (out / "datasets.yaml").write_text(yaml.safe_dump({"datasets": files}, sort_keys=False), encoding="utf-8")


class _Llava(_Form):
    """{id, image, conversations} in one JSON list a set, and data.yaml that names them."""

    def suffix(self, embedded: bool) -> str:
        return "json"

    def row(self, one: TrainingSet, example: Example, image: Any, final: Path) -> dict[str, Any]:
        return {"id": f"{one.name}-{example.key}", "image": image, "conversations": _turns(example)}

    def register(self, out: Path, final: Path, counts: Mapping[str, int], embedded: bool) -> None:
        files = [
            {"json_path": str(final.resolve() / f"{name}.json"), "sampling_strategy": "all"}
            for name in counts
            if not name.endswith("_val")
        ]
        (out / "data.yaml").write_text(yaml.safe_dump({"datasets": files}, sort_keys=False), encoding="utf-8")


_FORMS: Mapping[str, _Form] = {
    "llamafactory": _LlamaFactory(),
    "swift": _Swift(),
    "trl": _Trl(),
    "llava": _Llava(),
}


def _turns(example: Example) -> list[dict[str, str]]:
    return [{"from": "human", "value": f"{MARK}\n{example.said}"}, {"from": "gpt", "value": example.answer}]


def _dump(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_lines(file: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_list(file: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as text:
        text.write("[")
        for row in rows:
            text.write(("\n" if count == 0 else ",\n") + json.dumps(row, ensure_ascii=False))
            count += 1
        text.write("\n]\n")
    return count


_CELL = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_PART = pa.struct([("type", pa.string()), ("text", pa.string())])
_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.list_(_PART))])
_TURN = pa.struct([("from", pa.string()), ("value", pa.string())])
_PLAIN = pa.struct([("role", pa.string()), ("content", pa.string())])


def _write_parquet(file: Path, rows: Iterable[dict[str, Any]]) -> int:
    count, writer, group = 0, None, []
    try:
        for row in rows:
            group.append(row)
            if len(group) == _IN_GROUP:
                writer = writer or _parquet(file, group[0])
                writer.write_table(pa.Table.from_pylist(group, writer.schema))
                count, group = count + len(group), []
        if group:
            writer = writer or _parquet(file, group[0])
            writer.write_table(pa.Table.from_pylist(group, writer.schema))
    finally:
        if writer:
            writer.close()
    return count + len(group)


def _parquet(file: Path, row: Mapping[str, Any]) -> Any:
    if "conversations" in row:
        texts = pa.field("conversations", pa.list_(_TURN))
    else:
        content = row["messages"][0]["content"]
        texts = pa.field("messages", pa.list_(_PLAIN if isinstance(content, str) else _MESSAGE))
    schema = pa.schema([texts, ("images", pa.list_(_CELL))])
    if not isinstance(row.get("messages", [{}])[0].get("content", ""), str):
        described = {"messages": _feature_of_messages(), "images": {"feature": {"_type": "Image"}, "_type": "Sequence"}}
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": described}})})
    return pq.ParquetWriter(file, schema, compression="none")


def _feature_of_messages() -> list[Any]:
    text = {"dtype": "string", "_type": "Value"}
    return [{"role": text, "content": [{"type": text, "text": text}]}]


_WRITERS = {".jsonl": _write_lines, ".json": _write_list, ".parquet": _write_parquet}

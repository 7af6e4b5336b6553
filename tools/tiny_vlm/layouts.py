"""One checkpoint for transformers 4 and 5: what 5 writes, and what 4 looks for beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What a processor of version 5 keeps in one file, version 4 reads from one file each.
OF_THEIR_OWN = {"image_processor": "preprocessor_config.json", "video_processor": "video_preprocessor_config.json"}


def add_older_layout(folder: Path) -> None:
    """Make a checkpoint that transformers 5 wrote readable for 4.57 too; for 5 nothing changes."""
    _change(folder / "config.json", _add_older_names)
    _change(folder / "tokenizer_config.json", _use_older_names)
    processor = _read(folder / "processor_config.json")
    for part, name in OF_THEIR_OWN.items():
        _write(folder / name, {**processor[part], "processor_class": processor["processor_class"]})


def _add_older_names(config: dict[str, Any]) -> None:
    text = config["text_config"]
    rope = text["rope_parameters"]
    text["rope_theta"] = rope["rope_theta"]
    text["rope_scaling"] = {"type": "mrope", "rope_type": "default", "mrope_section": rope["mrope_section"]}
    text["tie_word_embeddings"] = config["tie_word_embeddings"]


def _use_older_names(config: dict[str, Any]) -> None:
    """Names that both versions know."""
    config.pop("backend", None)
    config["additional_special_tokens"] = config.pop("extra_special_tokens")
    config["tokenizer_class"] = "PreTrainedTokenizerFast"


def _change(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = _read(path)
    change(content)
    _write(path, content)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

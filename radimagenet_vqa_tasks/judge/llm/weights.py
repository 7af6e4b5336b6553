"""The weights of a judge on this machine: found by path or by the hub's name, and named so that no others are meant."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.errors import RunError

_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>[^:]+\.gguf))?")
SHORT = 12  # digits of a revision or a digest in a judge's name


@dataclass(frozen=True)
class Weights:
    """A model on this machine's disk.

    Attributes:
        path: a GGUF file, or a folder in the layout of transformers.
        name: what records call the judge: the model's name, and the revision or the digest of its weights.
    """

    path: Path
    name: str

    @property
    def is_gguf(self) -> bool:
        """Whether llama.cpp can read them."""
        return self.path.suffix == ".gguf"


def find(model: str) -> Weights:
    """The weights that `model` names: a GGUF file, a folder, or ORG/NAME[@REVISION][:FILE.gguf] on the hub.

    What the hub has is fetched, unless it is on this machine already. Raises RunError.
    """
    path = Path(model).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return Weights(path.resolve(), f"{path.stem}@{_digest([path])}")
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        if not (path / "config.json").is_file():
            raise RunError(f"{path} holds no config.json: it is no folder of a model. Name one, or a GGUF file.")
        return Weights(path.resolve(), f"{path.resolve().name}@{_digest(files)}")
    named = _HUB.fullmatch(model)
    if path.exists() or not named:
        raise RunError(
            f"{model} is no GGUF file, no folder of a model and no ORG/NAME[@REVISION][:FILE.gguf] of the hub."
        )
    return _fetched(named["repo"], named["revision"], named["file"])


def _fetched(repo: str, revision: str | None, file: str | None) -> Weights:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        if file:
            found = Path(huggingface_hub.hf_hub_download(repo, file, revision=revision))
            commit = found.parts[found.parts.index("snapshots") + 1]
            return Weights(found, f"{repo}:{file.removesuffix('.gguf')}@{commit[:SHORT]}")
        folder = Path(huggingface_hub.snapshot_download(repo, revision=revision, ignore_patterns=["*.gguf", "*.pth"]))
        return Weights(folder, f"{repo}@{folder.name[:SHORT]}")
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise RunError(
            f"the judge {repo} could not be had from the hub ({type(error).__name__}). Check its name and revision, "
            "accept its licence and log in if it asks for that, or name a path."
        ) from error


def _digest(files: list[Path]) -> str:
    """One digest of what files hold, in their order."""
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            each = hashlib.sha256()
            while block := content.read(1 << 22):
                each.update(block)
        total.update(f"{file.name} {each.hexdigest()}\n".encode())
    return total.hexdigest()[:SHORT]

"""Where the data sets come from: repositories of the Hugging Face hub, or local copies of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from radimagenet_vqa_tasks.benchmarks import MAIN, SOURCES
from radimagenet_vqa_tasks.benchmarks.benchmark import Source
from radimagenet_vqa_tasks.data.provenance import built
from radimagenet_vqa_tasks.errors import RadVQAError, RunError

Copies = Mapping[str, Path]
"""Local copies by data set."""

LocalFiles = Mapping[str | None, list[str]]
"""The files of a local copy by configuration."""


def parse_copies(values: Sequence[str]) -> dict[str, Path]:
    """The values of `--data [NAME=]PATH` (no name: the main benchmark's). Raises RunError for a wrong name."""
    copies: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals or "/" in name or "\\" in name:  # a path may hold an equals sign
            name, path = MAIN.source.name, value
        if name not in SOURCES:
            near = get_close_matches(name, SOURCES, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(SOURCES)}."
            raise RunError(f"--data {value}: there is no data set {name!r}. {hint}")
        if name in copies:
            raise RunError(f"--data {value}: a copy of {name} was named before ({copies[name]}). Name one.")
        copies[name] = Path(path).expanduser()
    return copies


def local_files(name: str, data: Path) -> LocalFiles:
    """The files of a local copy; `data` is a file, or a folder laid out as the hub lays it out.

    Raises RunError where one is missing.
    """
    source = SOURCES[name]
    if data.is_file() and len(source.configurations) == 1:
        files: dict[str | None, list[Path]] = {source.configurations[0]: [data]}
    else:
        files = {part: sorted(data.glob(source.files.format(part))) for part in source.configurations}
        if len(files) == 1 and source.alone and not all(files.values()):
            files = {source.configurations[0]: sorted(data.glob(source.alone))}
    for part, found in files.items():
        odd = next((path for path in found if not path.is_file()), None)  # opening a pipe would never end
        if odd:
            raise RunError(f"--data {data}: {odd} is no regular file. Copy {source.title}'s file there.")
        if not found:
            raise RunError(f"--data {data}: this path {_lacks(source, part, data)}")
    if source.beside and not source.images_from:
        beside(name, data)
    return {part: [str(path.resolve()) for path in found] for part, found in files.items()}


def _lacks(source: Source, part: str | None, data: Path) -> str:
    what = f"holds no {source.files.format(part)}" if data.is_dir() else "is no regular file"
    what = what if data.exists() else "does not exist"
    if len(source.configurations) > 1:
        what = "is a file" if data.is_file() else what
        return f"{what}. Name the folder of a hub download of {source.title}, with its parts in folders below it."
    kind = "JSON" if source.files.endswith(".json") else "Parquet"
    return f"{what}. Name the {kind} file, or the folder of a hub download of {source.title}."


def beside(name: str, data: Path) -> Path:
    """The file of a local copy that its rows refer to. Raises RunError where it is missing."""
    found = (data.parent if data.is_file() else data) / SOURCES[name].beside
    if not found.is_file():
        raise RunError(f"--data {data}: {found} is missing. {SOURCES[name].title}'s images are in it: copy it too.")
    return found.resolve()


def _images_apart(source: Source, data: Path) -> Path:
    """The folder of a local copy's images, or of the parts of their archive. Raises RunError where there is none.

    The images have a repository of their own: they are beside the questions, or in its folder beside theirs.
    """
    root = data if data.is_dir() else data.parent
    if not data.is_dir() and data.as_posix().endswith(f"/{source.files}"):
        root = data.parents[len(Path(source.files).parts) - 1]
    for place in (root, root.resolve().parent / Path(source.images_from).name):
        if (place / source.folder).is_dir() or any(place.glob(source.beside)):
            return place.resolve()
    raise RunError(
        f"--data {data}: neither {source.folder}/ nor {source.beside} is in {root}. {source.title}'s images are in "
        f"{source.images_from}: copy or link them there. The arms textonly and told need none."
    )


def every_file(copies: Copies) -> list[str]:
    """All files of these local copies. Raises RunError where one is missing."""
    found = []
    for name, data in copies.items():
        found += [path for files in local_files(name, data).values() for path in files]
        if SOURCES[name].beside and not SOURCES[name].images_from:
            found.append(str(beside(name, data)))
    return found


def built_images(name: str) -> int | None:
    """How many images the local copy in use says it was built with; None where it is no built data."""
    if name not in _copies:
        return None
    said = built(Path(next(iter(local_files(name, _copies[name]).values()))[0])) or {}
    return said["images"] if isinstance(said.get("images"), int) else None


_copies: dict[str, Path] = {}  # of this process; the host's hooks get nothing but rows


@contextmanager
def local_copies(copies: Copies) -> Iterator[None]:
    """Let `companion` look into these local copies while the context lasts."""
    before = dict(_copies)
    _copies.update(copies)
    try:
        yield
    finally:
        _copies.clear()
        _copies.update(before)


def companion(source: Source) -> Path:
    """The archive that a data set's rows refer to: the local copy's, or else the hub's, fetched once.

    Where the images have a repository of their own: the folder of the archive's parts, or of the unpacked images. Of a
    data set that is not on the hub: its folder. Raises RunError where that is not known.
    """
    from huggingface_hub import hf_hub_download, snapshot_download

    if source.elsewhere:
        if source.name not in _copies:
            raise not_on_hub(source)
        return _copies[source.name].resolve()
    if source.name in _copies and source.images_from:
        return _images_apart(source, _copies[source.name])
    if source.name in _copies:
        return beside(source.name, _copies[source.name])
    with explained({}, source.name):
        if source.images_from:
            return Path(snapshot_download(source.images_from, repo_type="dataset", allow_patterns=source.beside))
        return Path(hf_hub_download(source.repository, source.beside, repo_type="dataset", revision=source.revision))


def not_on_hub(source: Source) -> RunError:
    """What to say where a data set is wanted that is not on the hub, and no copy of it is named."""
    return RunError(
        f"{source.title} is not on the hub. Fetch it from {source.elsewhere}, unpack it, and name its folder: for "
        f"`radvqa run` with --data {source.name}=PATH, for `radvqa verify` with --family {source.name} --data PATH."
    )


@contextmanager
def explained(copies: Copies, name: str | None = None, *, reading: bool = False) -> Iterator[None]:
    """Turn a failure to read a data set, from the hub or from a local copy, into a RunError that says what to do.

    `name` is the data set where only one can be meant; otherwise the error may tell. `reading` says that nothing else
    than reading goes on, so that any error at all is one of the data's.
    """
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
    from pyarrow import ArrowException

    unreachable = (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError)
    # What the readers of damaged files raise has no base but this: StopIteration of an empty one is among it.
    caught = (Exception,) if reading else (DatasetsError, ArrowException, *unreachable)
    try:
        yield
    except RadVQAError:
        raise
    except caught as error:
        name = name or next((known for known, source in SOURCES.items() if source.repository in str(error)), None)
        if copies and (reading or name is None) and not isinstance(error, unreachable):
            named = " or ".join(map(str, copies.values()))
            raise RunError(
                f"the local copy {named} cannot be read ({_said(error)}). It should be the hub's file, or a folder "
                "laid out as the hub lays it out; copy it again."
            ) from error
        raise RunError(_unfetched(name, error)) from error


def _said(error: BaseException) -> str:
    """An error in words: of the library's "an error occurred", the error that did."""
    from datasets.exceptions import DatasetGenerationError

    while isinstance(error, DatasetGenerationError) and error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _unfetched(name: str | None, error: Exception) -> str:
    """What to do about a data set that did not come from the hub; `name` is None where the error does not say which."""
    source = SOURCES[name] if name else None
    what = f"the data set {source.repository}" if source else "a data set of the hub"
    gated = "It is gated: accept its agreement on its page, then log in (`hf auth login`, or set HF_TOKEN). "
    data = "PATH" if name in (None, MAIN.source.name) else f"PATH (of `radvqa run`: --data {name}=PATH)"
    return (
        f"{what} could not be fetched ({_said(error)}). {gated if source is None or source.gated else ''}"
        f"Without a network, name a local copy with --data {data}."
    )

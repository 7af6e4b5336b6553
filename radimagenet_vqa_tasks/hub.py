"""Where RadImageNet-VQA comes from: the gated repository on the Hugging Face hub, or a local copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radimagenet_vqa_tasks.errors import RunError

HUB = "raidium/RadImageNet-VQA"


def parquet_files(data: Path) -> list[str]:
    """The Parquet files of the benchmark at `data`, a file or a folder laid out as the hub lays it out.

    Raises RunError where there are none.
    """
    if data.is_file():
        found = [data]
    else:
        found = sorted(data.glob("benchmark/test-*.parquet")) or sorted(data.glob("*.parquet"))
    if not found:
        what = "holds no benchmark/test-*.parquet" if data.is_dir() else "does not exist"
        raise RunError(f"--data {data}: this path {what}. Name the Parquet file, or the folder of a hub download.")
    return [str(path.resolve()) for path in found]


@contextmanager
def explained() -> Iterator[None]:
    """Turn a failure to reach the data set into a RunError that says what to do."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except (
        DatasetsError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        ConnectionError,
    ) as error:
        raise RunError(
            f"the data set {HUB} could not be fetched ({error}). It is gated: accept its agreement on its page, then "
            "log in (`hf auth login`, or set HF_TOKEN). Without a network, name a local copy with --data PATH."
        ) from error

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
def explained(data: Path | None) -> Iterator[None]:
    """Turn a failure to read the data set, from the hub or from a local copy, into a RunError that says what to do."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
    from pyarrow import ArrowException

    unreachable = (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError)
    try:
        yield
    except (DatasetsError, ArrowException, *unreachable) as error:
        if data:
            raise RunError(
                f"the local copy {data} cannot be read ({error}). It should be the hub's Parquet file, or a folder "
                "that holds it; copy it again."
            ) from error
        raise RunError(
            f"the data set {HUB} could not be fetched ({error}). It is gated: accept its agreement on its page, then "
            "log in (`hf auth login`, or set HF_TOKEN). Without a network, name a local copy with --data PATH."
        ) from error

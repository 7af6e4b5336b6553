"""Measures `radvqa build` against a plain copy of the same bytes into Parquet, and writes it into `docs/benchmarks.md`.

    python benchmarks/build.py [--images 50000] [--folder FOLDER] [--write]

The images are generated: real PNG files of about RadImageNet's size, no two alike. The plain copy reads every file and
writes {bytes, path} rows, once for each configuration that the build writes: in one process, as a script would, and in
as many as the build has. Copy and build take turns, and the files are read once before, so that neither profits from
what the other has left in memory. Each is timed until its bytes are on the disk.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from document import publish

from radimagenet_vqa_tasks.build.plan import IMAGES_IN_SHARD
from radimagenet_vqa_tasks.build.schema import CELL
from radimagenet_vqa_tasks.build.shards import GROUP
from radimagenet_vqa_tasks.taxonomy import labels_for, regions

SIZE = 45_000  # bytes of an image: the middle of what the released rows have
ROUNDS = 3
CONFIGS = 2  # alignment and instruct


def generate(folder: Path, images: int) -> None:
    """RadImageNet's layout with its three tables; one image in a hundred is the benchmark's."""
    source = random.Random(0)
    places = [
        (modality, region, label.raw)
        for name, region in regions().items()
        for modality in region.modalities
        for label in (*labels_for(name, modality), region.normal)
    ]
    tables = {split: (folder / f"RadiologyAI_{split}.csv").open("w", newline="") for split in ("train", "val", "test")}
    writers = {split: csv.writer(table) for split, table in tables.items()}
    for writer in writers.values():
        writer.writerow(["filename", "label"])
    for index in range(images):
        modality, region, label = places[index % len(places)]
        top = {"ct": "CT", "mri": "MR"}[modality]
        path = Path(top, region.folders[modality].removeprefix("mri"), label, f"{index:06d}.png")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(_png(source))
        writers["test" if index % 100 == 0 else "val" if index % 10 == 0 else "train"].writerow([path, label])
    for table in tables.values():
        table.close()


def _png(source: random.Random) -> bytes:
    """A white pixel and random bytes in a chunk that decoders skip: a file of the right size, quickly."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"raNd", source.randbytes(SIZE)), (b"IDAT", zlib.compress(b"\0\xff")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def plain_copy(files: list[str], out: Path, number: int) -> None:
    """One shard of the comparison: bytes into Parquet, and nothing else."""
    schema = pa.schema([("image", CELL)])
    names = [out / f"{config}-{number:05d}.parquet" for config in range(CONFIGS)]
    writers = [pq.ParquetWriter(name, schema, compression="none", use_dictionary=False) for name in names]
    for first in range(0, len(files), GROUP):
        group = files[first : first + GROUP]
        cells = pa.StructArray.from_arrays(
            [pa.array([Path(file).read_bytes() for file in group], pa.binary()), pa.array(group)], fields=list(CELL)
        )
        for writer in writers:
            writer.write_table(pa.Table.from_arrays([cells], schema=schema))
    for writer in writers:
        writer.close()


def copy_all(files: list[str], out: Path, processes: int) -> None:
    out.mkdir()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        shards = [files[first : first + IMAGES_IN_SHARD] for first in range(0, len(files), IMAGES_IN_SHARD)]
        list(pool.map(plain_copy, shards, [out] * len(shards), range(len(shards))))


def build_all(folder: Path, out: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "radimagenet_vqa_tasks",
        "build",
        folder,
        "-o",
        out,
        "--parts",
        "alignment,instruct",
    ]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def timed(work: Callable[[], None], out: Path) -> float:
    """Seconds that `work` takes until its bytes are on the disk; what it wrote is removed."""
    os.sync()
    begun = time.perf_counter()
    work()
    os.sync()
    seconds = time.perf_counter() - begun
    shutil.rmtree(out)
    return seconds


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """The largest sum of the resident memory of this process's descendants, in MB."""
    peak = [0.0]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peak[0] = max(peak[0], sum(_resident(pid) for pid in _descendants(os.getpid())))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _descendants(of: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{of}/task").iterdir():
        try:
            children = [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
        found += children + [pid for child in children for pid in _descendants(child)]
    return found


def _resident(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    # Shared pages are libraries, and the mapped list of images.
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(folder: Path, images: int) -> str:
    source, out = folder / "source", folder / "out"
    source.mkdir()
    generate(source, images)
    files = sorted(str(file) for file in source.glob("*/*/*/*.png") if int(file.stem) % 100)
    for file in files:
        Path(file).read_bytes()
    alone, copies, builds = [], [], []
    for _ in range(ROUNDS):
        alone.append(timed(lambda: copy_all(files, out, 1), out))
        copies.append(timed(lambda: copy_all(files, out, os.cpu_count() or 1), out))
        with peak_memory() as peak:
            builds.append(timed(lambda: build_all(source, out), out))
    with peak_memory() as small:
        part = folder / "part"
        part.mkdir()
        generate(part, images // 5)
        timed(lambda: build_all(part, out), out)
    return _text(len(files), alone, copies, builds, peak[0], small[0])


def _text(files: int, alone: list[float], copies: list[float], builds: list[float], peak: float, small: float) -> str:
    copy, several, build = (sorted(runs)[ROUNDS // 2] for runs in (alone, copies, builds))
    written = files * SIZE * CONFIGS / 1e6
    singles = "; ".join(
        f"{name} {', '.join(f'{seconds:.1f}' for seconds in runs)} s"
        for name, runs in (("copy", alone), (f"copy in {os.cpu_count()}", copies), ("build", builds))
    )
    return "\n".join(
        [
            f"| {files:,} images, {written:,.0f} MB written | seconds | MB a second | the build, of it |",
            "| --- | ---: | ---: | ---: |",
            f"| plain copy into Parquet | {copy:.1f} | {written / copy:,.0f} | {copy / build:.0%} |",
            f"| in {os.cpu_count()} processes | {several:.1f} | {written / several:,.0f} | {several / build:.0%} |",
            f"| `radvqa build --parts alignment,instruct` | {build:.1f} | {written / build:,.0f} | |",
            "",
            f"Medians of {ROUNDS}; single runs, in turn: {singles}. Peak memory of all the build's processes: "
            f"{peak:,.0f} MB; with a fifth of the images: {small:,.0f} MB.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="where to work: the disk that is measured")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        text = measure(Path(folder), options.images)
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()

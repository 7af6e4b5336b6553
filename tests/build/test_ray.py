"""The same bytes from a Ray cluster of several nodes, one of which is taken away in the middle."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from radimagenet_vqa_tasks.build import dataset, on_ray
from radimagenet_vqa_tasks.build.dataset import Request, build
from radimagenet_vqa_tasks.build.plan import Shard
from radimagenet_vqa_tasks.build.shards import Job, write_shard
from radimagenet_vqa_tasks.errors import DataError

os.environ.setdefault("RAY_raylet_start_wait_time_s", "150")  # a busy machine starts its nodes slowly
ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head and two nodes on this machine, a processor each; the tests run on the head."""
    from ray.cluster_utils import Cluster

    try:
        started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        started.add_node(num_cpus=1)
    except Exception as error:  # Ray's own type; its nodes give up after 15 seconds, whatever they are told
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("this machine is too busy for Ray to start its nodes in time")
    ray.init(address=started.address, log_to_driver=False)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield started
    ray.shutdown()
    started.shutdown()


def slowly(job: Job, shard: Shard) -> int:
    """Long enough that a node goes while it is at work."""
    time.sleep(0.5)
    return write_shard(job, shard)


def test_bytes_are_the_local_ones_though_a_node_goes(
    cluster: Any, scans_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards that were on the lost node are written by another, and nothing differs."""
    lost = cluster.add_node(num_cpus=1)
    monkeypatch.setattr(on_ray, "write_shard", slowly)
    real = on_ray.RayEngine.write

    def losing(self: Any, job: Job, shards: Any) -> Iterator[int]:
        written = real(self, job, shards)
        yield next(written)
        cluster.remove_node(lost, allow_graceful=False)
        yield from written

    monkeypatch.setattr(on_ray.RayEngine, "write", losing)
    build(Request(scans_tree, tmp_path / "ray", engine="ray", images_in_shard=20))
    build(Request(scans_tree, tmp_path / "local", workers=1, images_in_shard=20))
    files = sorted(file.relative_to(tmp_path / "local") for file in (tmp_path / "local").rglob("*") if file.is_file())
    assert len(files) > 20
    assert (
        sorted(file.relative_to(tmp_path / "ray") for file in (tmp_path / "ray").rglob("*") if file.is_file()) == files
    )
    for file in files:
        assert (tmp_path / "ray" / file).read_bytes() == (tmp_path / "local" / file).read_bytes(), file


def test_a_bad_image_is_the_packs_own_error(cluster: Any, tree: Path, tmp_path: Path) -> None:
    """The error of a remote shard comes back as it is, in one message, and is not tried ten times."""
    (tree / "MR" / "brain" / "normal" / "brain1_axi_002.png").write_bytes(b"")
    with pytest.raises(DataError, match="brain1_axi_002.png is empty"):
        build(Request(tree, tmp_path / "out", engine="ray"))


def test_ray_is_asked_for_only_where_it_is_needed() -> None:
    """The local engine imports nothing of it."""
    assert "ray" not in vars(dataset)

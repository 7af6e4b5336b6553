"""Shards on a Ray cluster. Ray does the scheduling: a shard whose machine is lost is written by another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from radimagenet_vqa_tasks.build.plan import Shard
from radimagenet_vqa_tasks.build.shards import Job, write_shard
from radimagenet_vqa_tasks.errors import RadVQAError, RunError

TRIES = 10  # of a shard, on machines that are lost


class RayEngine:
    """Writes shards on the cluster that `RAY_ADDRESS` names, or else on this machine.

    Every machine must see the images and the output folder under the same paths, and have this package.
    """

    def __init__(self) -> None:
        self._ray = _ray()
        if not self._ray.is_initialized():
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report home; a hospital's data stay quiet
            self._ray.init(include_dashboard=False, log_to_driver=False)

    def write(self, job: Job, shards: Sequence[Shard]) -> Iterator[int]:
        ray = self._ray
        # A package error is the data's, and comes back at once; only a lost machine is worth another try.
        remote: Any = ray.remote(num_cpus=1, max_retries=TRIES)(write_shard)
        left = [remote.remote(job, shard) for shard in shards]
        try:
            while left:
                done, left = ray.wait(left, num_returns=1)
                yield self._get(done[0])
        finally:
            for reference in left:
                ray.cancel(reference)

    def _get(self, reference: Any) -> int:
        try:
            return int(self._ray.get(reference))
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, RadVQAError):
                raise error.cause from error
            raise
        except self._ray.exceptions.RayError as error:
            raise RunError(
                f"the Ray cluster lost a shard for good: {error}. What is finished stays: give the same command again."
            ) from error


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise RunError(
            "--engine ray needs Ray, which is not installed. Run: pip install 'radimagenet-vqa-tasks[ray]'"
        ) from error
    return ray

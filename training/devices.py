"""Where a training runs: one CPU or GPU, or one process on each of several, started by ``torchrun``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from liquid_nav.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Place:
    """The part of a training that this process does.

    Attributes:
        device: of its tensors.
        rank: of this process, 0 to ``processes`` - 1; 0 writes files.
        processes: that train together, each on its share of every batch.
    """

    device: torch.device
    rank: int = 0
    processes: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes checkpoints, logs and the policy."""
        return self.rank == 0

    def wrap(self, learner: nn.Module) -> nn.Module:
        """Return the learner, in :class:`DistributedDataParallel` when several processes train together."""
        if self.processes == 1:
            return learner
        # A stage leaves some heads out of its losses.
        return DistributedDataParallel(learner, find_unused_parameters=True)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.processes > 1:
            distributed.barrier()


@contextmanager
def training_place(device: str) -> Iterator[Place]:
    """Join the other processes of a ``torchrun``, if there are any.

    Raises:
        ConfigError: for an unknown device, or a GPU where there is none.
    """
    if device not in DEVICES:
        raise ConfigError(f"device is {device!r}: use one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is 'cuda', but PyTorch sees no GPU: use 'auto' or 'cpu'")
    gpu = device != "cpu" and torch.cuda.is_available()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = torch.device("cuda", local) if gpu else torch.device("cpu")
    if processes == 1:
        yield Place(chosen)
        return
    if gpu:
        torch.cuda.set_device(chosen)
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        yield Place(chosen, distributed.get_rank(), processes)
    finally:
        distributed.destroy_process_group()

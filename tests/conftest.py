"""Settings shared by all tests: one thread each, so that parallel tests do not starve each other."""

from __future__ import annotations

import os

os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """The best renderer of this machine."""
    return make_renderer("auto")

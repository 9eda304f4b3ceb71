"""Settings shared by all tests: one thread each, so that parallel tests do not starve each other; Ctrl-C as usual."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from sim_worlds.render import make_renderer
from sim_worlds.scene import Renderer

torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell; processes would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """The best renderer of this machine."""
    return make_renderer("auto")

"""PyBullet without its greeting on standard error, which would tear progress bars apart."""

from __future__ import annotations

import ctypes
import os
import sys


def _import_quietly() -> None:
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import pybullet  # noqa: F401

        ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if "pybullet" not in sys.modules:
    _import_quietly()

import pybullet  # noqa: E402

__all__ = ["pybullet"]

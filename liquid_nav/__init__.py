"""A liquid neural policy that flies a quadrotor to a red backpack, and what it needs to fly safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liquid_nav.types import CameraFrame, Odometry, SafetyVerdict, VelocityCommand

if TYPE_CHECKING:
    from pathlib import Path

    from liquid_nav.policy.runtime import Policy

__version__ = "0.2.0"
__all__ = ["CameraFrame", "Odometry", "SafetyVerdict", "VelocityCommand", "load_policy"]


def load_policy(path: str | Path | None = None) -> Policy:
    """Load a policy folder, the shipped one by default; see :func:`liquid_nav.policy.runtime.load_policy`."""
    from liquid_nav.policy.runtime import load_policy as load  # torch is only paid for by those who fly

    return load(path)

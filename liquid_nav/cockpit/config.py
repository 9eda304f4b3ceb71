"""Settings of the cockpit's server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from liquid_nav.errors import ConfigError

LONGEST_LOSS_S = 0.4  # of the half second in which the vehicle must hold, the rest is for the way of the command


@dataclass(frozen=True)
class CockpitConfig:
    """Settings of the cockpit.

    Attributes:
        host, port: where it listens; ``127.0.0.1`` is this machine alone, ``0.0.0.0`` everyone on the network.
        look: whether those without the token may look.
        loss_s: silence of the page after which the vehicle is told to hold.
        max_speed_m_s, max_yaw_rate_rad_s: of the pilot, at full deflection.
        episodes: folder of the recordings; None for no list of episodes.
        policy: folder of the policy whose wiring is drawn; None for the shipped one.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    look: bool = False
    loss_s: float = 0.25
    max_speed_m_s: float = 1.5
    max_yaw_rate_rad_s: float = 1.0
    episodes: Path | None = None
    policy: Path | None = None

    def __post_init__(self) -> None:
        ranges = {
            "port": (0, 65535),
            "loss_s": (0.1, LONGEST_LOSS_S),
            "max_speed_m_s": (0.1, 5.0),
            "max_yaw_rate_rad_s": (0.1, 3.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}: use {low} to {high}")
        if not self.host:
            raise ConfigError("host is empty: use 127.0.0.1, or 0.0.0.0 for everyone on the network")

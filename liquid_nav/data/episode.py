"""What an episode holds, and the topics it is stored under."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

IMAGE_TOPIC = "/camera/image/compressed"
MASK_TOPIC = "/camera/target_mask/compressed"
SCAN_TOPIC = "/camera/obstacles"
CAMERA_INFO_TOPIC = "/camera/camera_info"
ODOMETRY_TOPIC = "/odom"
COMMAND_TOPIC = "/cmd_vel"
EXPERT_TOPIC = "/expert/cmd_vel"
TARGET_TOPIC = "/target/pose"
SOURCE_TOPIC = "/cmd_vel/source"
METADATA_NAME = "liquid_nav"


@dataclass(frozen=True)
class EpisodeMetadata:
    """How an episode came about.

    Attributes:
        world, seed, season: of the world flown in.
        config_hash: of the settings of the collection.
        software: version that wrote it.
        pilot: who flew: ``"expert"``, the name of a policy or of a person.
        horizontal_fov_rad: of the camera.
        extra: anything else, as text.
    """

    world: str
    seed: int
    season: str = "summer"
    config_hash: str = ""
    software: str = ""
    pilot: str = ""
    horizontal_fov_rad: float = 1.396
    extra: dict[str, str] = field(default_factory=dict)

    def to_text(self) -> dict[str, str]:
        """Return the entries of the file's metadata record."""
        named = {item.name: str(getattr(self, item.name)) for item in fields(self) if item.name != "extra"}
        return {**self.extra, **named}

    @classmethod
    def from_text(cls, values: dict[str, str]) -> EpisodeMetadata:
        """Read :meth:`to_text` back; entries it does not know, and numbers that are none, are kept in ``extra``."""
        known = {item.name for item in fields(cls)} - {"extra"}
        named = {key: value for key, value in values.items() if key in known and _readable(key, value)}
        return cls(
            world=named.get("world", ""),
            seed=int(named.get("seed", "-1")),
            season=named.get("season", ""),
            config_hash=named.get("config_hash", ""),
            software=named.get("software", ""),
            pilot=named.get("pilot", ""),
            horizontal_fov_rad=float(named.get("horizontal_fov_rad", "nan")),
            extra={key: value for key, value in values.items() if key not in named},
        )


def _readable(key: str, text: str) -> bool:
    """Say whether an entry that must be a number is one: anybody may have written it."""
    kind = {"seed": int, "horizontal_fov_rad": float}.get(key, str)
    try:
        kind(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Step:
    """One moment of a flight.

    Attributes:
        frame: what the camera saw.
        odometry: where the vehicle was.
        command: what was flown from here on.
        expert: the label: what the expert or the pilot would have flown; ``command`` where nobody said so.
        target_position_enu_m: (3,) centre of the backpack, NaN where nobody knows it.
        target_mask: bool (height, width), where the target is visible; None when not recorded.
        obstacle_ranges_m: float32 (rays,), free distances at the vehicle's height, from the right edge of the
            image to its left edge at equal angles; None when not recorded.
        labelled: False where nobody said what should have been flown, as while a policy flew and its pilot only
            watched: not to be imitated.
        source: who flew: ``"policy"``, ``"pilot"``, ``"expert"``; empty where it is not known.
    """

    frame: CameraFrame
    odometry: Odometry
    command: VelocityCommand
    expert: VelocityCommand
    target_position_enu_m: NDArray[np.float64]
    target_mask: NDArray[np.bool_] | None = None
    obstacle_ranges_m: NDArray[np.float32] | None = None
    labelled: bool = True
    source: str = ""


@dataclass(frozen=True)
class Episode:
    """A whole flight.

    Attributes:
        metadata: how it came about.
        steps: in the order of time.
        lost_bytes: of a damaged file that was read as far as it is whole; 0 for a whole one.
    """

    metadata: EpisodeMetadata
    steps: list[Step]
    lost_bytes: int = 0

    @property
    def seconds(self) -> float:
        """From the first image to the last."""
        return self.steps[-1].frame.stamp_s - self.steps[0].frame.stamp_s if self.steps else 0.0

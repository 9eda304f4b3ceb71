"""Which topics of somebody else's bag hold what an episode needs: a YAML file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from liquid_nav.data.align import SIDE_PX, AlignOptions
from liquid_nav.errors import ConfigError

FRAMES = ("body", "world")
STAMPS = ("header", "arrival")
TOPICS = ("image", "odometry", "command", "pilot", "label", "target", "camera_info")
NEEDED = ("image", "odometry", "command")


@dataclass(frozen=True)
class Topic:
    """One topic: its name, and the frame of its velocities: ``"body"`` (FLU) or ``"world"`` (ENU)."""

    name: str
    frame: str = "body"


@dataclass(frozen=True)
class TopicMap:
    """What to take from a bag, and how.

    Attributes:
        image: Image or CompressedImage.
        odometry: Odometry, PoseStamped or PoseWithCovarianceStamped.
        command: Twist or TwistStamped, what was flown.
        pilot: what a person wanted, with the time to react; the same topic as ``command`` where a person flew alone.
        label: what an expert would have flown, which needs no time to react.
        target: PoseStamped, PointStamped or Odometry.
        camera_info: CameraInfo.
        horizontal_fov_deg: of the camera where there is no CameraInfo.
        stamps: ``"header"``, or ``"arrival"`` where headers lie.
        world, pilot_name: for the episodes' origin.
        rate_hz, width_px, height_px, reaction_s, longest_gap_s: see :class:`liquid_nav.data.align.AlignOptions`.
    """

    image: Topic
    odometry: Topic
    command: Topic
    pilot: Topic | None = None
    label: Topic | None = None
    target: Topic | None = None
    camera_info: Topic | None = None
    horizontal_fov_deg: float = 80.0
    stamps: str = "header"
    world: str = "real"
    pilot_name: str = ""
    rate_hz: float = 20.0
    width_px: int = 256
    height_px: int = 144
    reaction_s: float = 0.25
    longest_gap_s: float = 1.0

    def __post_init__(self) -> None:
        ranges = {"horizontal_fov_deg": (10, 179), "rate_hz": (1, 120), "width_px": SIDE_PX, "height_px": SIDE_PX,
                  "reaction_s": (0, 2), "longest_gap_s": (0.05, 60)}  # fmt: skip
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or not low <= value <= high:
                raise ConfigError(f"{name} is {value!r}: use {low} to {high}")
        if self.stamps not in STAMPS:
            raise ConfigError(f"stamps is {self.stamps!r}: use {' or '.join(STAMPS)}")

    @property
    def options(self) -> AlignOptions:
        """How the topics are brought together."""
        return AlignOptions(
            rate_hz=self.rate_hz,
            size_px=(self.width_px, self.height_px),
            reaction_s=self.reaction_s,
            longest_gap_s=self.longest_gap_s,
        )

    @property
    def topics(self) -> dict[str, Topic]:
        """The topics that are named, by what they hold."""
        return {name: topic for name in TOPICS if (topic := getattr(self, name)) is not None}


def load_topic_map(path: Path) -> TopicMap:
    """Read a topic map.

    Raises:
        ConfigError: when the file is missing or not YAML, a key is unknown or missing or a value does not fit.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist: write a topic map, see docs/data.md") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no mapping: write a topic map, see docs/data.md")
    known = {item.name for item in fields(TopicMap)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"{path}: unknown keys {unknown}: known are {sorted(known)}")
    missing = [name for name in NEEDED if name not in values]
    if missing:
        raise ConfigError(f"{path} names no {missing[0]}: {', '.join(NEEDED)} are needed")
    chosen: dict[str, Any] = {key: _topic(key, value) if key in TOPICS else value for key, value in values.items()}
    return TopicMap(**chosen)


def _topic(key: str, value: Any) -> Topic | None:
    if value is None:
        return None
    if isinstance(value, str):
        return Topic(value)
    if not isinstance(value, dict) or "topic" not in value or set(value) - {"topic", "frame"}:
        raise ConfigError(f"{key} is {value!r}: write a topic's name, or {{topic: NAME, frame: body or world}}")
    frame = value.get("frame", "body")
    if frame not in FRAMES:
        raise ConfigError(f"the frame of {key} is {frame!r}: use {' or '.join(FRAMES)}")
    return Topic(str(value["topic"]), frame)

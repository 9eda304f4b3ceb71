"""A recorded flight, read back from its MCAP file and sorted by image."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mcap.reader import make_reader
from numpy.typing import NDArray

from liquid_nav.data import messages
from liquid_nav.errors import EpisodeError
from liquid_nav.types import Odometry, VelocityCommand


@dataclass
class FlightLog:
    """What was recorded, each kind in the order of its stamps.

    Attributes:
        images: (stamp, CompressedImage).
        odometry: states of the vehicle.
        raw_commands, commands: by stamp; of the policy and after the safety filter.
        attention: by stamp, (rows, columns) uint8.
        neurons: (log time, activity).
        targets: (stamp, position (3,) in ENU).
        verdicts: (stamp, rule, action, reason).
        statuses: what the simulation said.
    """

    images: list[tuple[float, Any]] = field(default_factory=list)
    odometry: list[Odometry] = field(default_factory=list)
    raw_commands: dict[float, VelocityCommand] = field(default_factory=dict)
    commands: dict[float, VelocityCommand] = field(default_factory=dict)
    attention: dict[float, NDArray[np.uint8]] = field(default_factory=dict)
    neurons: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    targets: list[tuple[float, NDArray[np.float64]]] = field(default_factory=list)
    verdicts: list[tuple[float, str, str, str]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)

    def verdict_at(self, stamp_s: float) -> tuple[str, str, str]:
        """Return rule, action and reason in force at a time."""
        index = bisect_right(self.verdicts, stamp_s + 1e-3, key=lambda entry: entry[0])
        return self.verdicts[index - 1][1:] if index else ("none", "pass", "")

    def neurons_at(self, time_s: float) -> NDArray[np.float32] | None:
        """Return the activity of the liquid neurons at a time."""
        index = bisect_right(self.neurons, time_s + 1e-3, key=lambda entry: entry[0])
        return self.neurons[index - 1][1] if index else None

    def odometry_at(self, stamp_s: float) -> Odometry | None:
        """Return the last state up to a time."""
        index = bisect_right(self.odometry, stamp_s + 1e-3, key=lambda entry: entry.stamp_s)
        return self.odometry[index - 1] if index else None

    def status_at(self, stamp_s: float) -> dict[str, Any]:
        """Return what the simulation said last up to a time."""
        index = bisect_right(self.statuses, stamp_s + 1e-3, key=lambda entry: float(entry["time_s"]))
        return self.statuses[index - 1] if index else {}


def read_flight(path: Path) -> FlightLog:
    """Read a recording of the recorder node.

    Raises:
        EpisodeError: when the file is missing or cannot be read.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: was the flight recorded?")
    log = FlightLog()
    with path.open("rb") as file:
        try:
            for schema, channel, record in make_reader(file).iter_messages(log_time_order=False):
                if schema is None:
                    continue
                message = messages.STORE.deserialize_cdr(record.data, schema.name)
                _sort_in(log, channel.topic, message, record.log_time * 1e-9)
        except Exception as error:  # the reader raises many kinds on damaged files
            raise EpisodeError(f"{path} cannot be read ({type(error).__name__}: {error})") from error
    log.images.sort(key=lambda entry: entry[0])
    log.images = [entry for index, entry in enumerate(log.images) if not index or entry[0] > log.images[index - 1][0]]
    log.odometry.sort(key=lambda entry: entry.stamp_s)
    log.targets.sort(key=lambda entry: entry[0])
    log.verdicts.sort(key=lambda entry: entry[0])
    log.neurons.sort(key=lambda entry: entry[0])
    log.statuses.sort(key=lambda entry: float(entry["time_s"]))
    return log


def _sort_in(log: FlightLog, topic: str, message: Any, log_s: float) -> None:
    if topic.endswith("camera/image/compressed"):
        log.images.append((messages.stamp_of(message), message))
    elif topic.endswith("liquid_nav/cmd_vel_raw"):
        log.raw_commands[round(messages.stamp_of(message), 4)] = messages.command_of(message)
    elif topic.endswith("liquid_nav/cmd_vel"):
        log.commands[round(messages.stamp_of(message), 4)] = messages.command_of(message)
    elif topic.endswith("liquid_nav/attention"):
        picture = np.asarray(message.data, dtype=np.uint8).reshape(message.height, message.width)
        log.attention[round(messages.stamp_of(message), 4)] = picture
    elif topic.endswith("liquid_nav/neurons"):
        log.neurons.append((log_s, np.asarray(message.data, dtype=np.float32)))
    elif topic.endswith("target/pose"):
        place = message.pose.position
        log.targets.append((messages.stamp_of(message), np.array([place.x, place.y, place.z])))
    elif topic.endswith("sim/status"):
        log.statuses.append(json.loads(message.data))
    elif topic == "/diagnostics":
        for status in message.status:
            if status.name == "liquid_nav: safety":
                values = {item.key: item.value for item in status.values}
                log.verdicts.append(
                    (messages.stamp_of(message), values.get("rule", ""), values.get("action", ""), status.message)
                )
    elif topic.endswith("odom"):
        log.odometry.append(messages.odometry_of(message))

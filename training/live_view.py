"""Showing a recording in rerun or Foxglove, also one that is still being written: half a second behind the flight."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from mcap.records import Channel, Message, Schema

from liquid_nav.data import messages
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.data.salvage import Damage, readable_records
from liquid_nav.errors import ConfigError, EpisodeError

LOOK_AGAIN_S = 0.25
FOXGLOVE_PORT = 8766  # beside the cockpit
WAY_STEP_M = 0.2
COMMANDS = ("cmd_vel_raw", "cmd_vel")
AXES = ("forward", "left", "up", "yaw_rate")


class Viewer(Protocol):
    """Takes messages as they are in the file."""

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Show one message."""


def view(path: Path, viewer: Viewer, *, follow: bool = False, speed: float = 0.0) -> int:
    """Show a recording from its start; return the number of messages.

    Args:
        path: ``.mcap``, or the ``.mcap.part`` of a recording that runs.
        viewer: where.
        follow: wait for more until the recording is finished.
        speed: recorded seconds per second; 0 for as fast as it goes.

    Raises:
        EpisodeError: when there is no such file or it is no MCAP file.
    """
    begun, first_ns, count = time.monotonic(), None, 0
    for topic, schema, message in _entries(path, follow):
        first_ns = message.log_time if first_ns is None else first_ns
        if speed > 0.0:
            ahead_s = 1e-9 * (message.log_time - first_ns) / speed - (time.monotonic() - begun)
            if ahead_s > 0.0:
                time.sleep(ahead_s)
        viewer.show(topic, schema, message)
        count += 1
    return count


def _entries(path: Path, follow: bool) -> Iterator[tuple[str, Schema, Message]]:
    """Yield every message once, those that come while it is followed too."""
    done = 0
    while True:
        finished = not path.exists() and path.name.endswith(PART_SUFFIX)
        source = path.with_name(path.name.removesuffix(PART_SUFFIX)) if finished else path
        if not source.is_file():
            raise EpisodeError(f"{path} does not exist: give a recording's .mcap or .mcap.part file")
        schemas: dict[int, Schema] = {}
        channels: dict[int, Channel] = {}
        seen = 0
        try:
            for record in readable_records(source, Damage()):
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Message):
                    seen += 1
                    if seen > done and record.channel_id in channels:
                        channel = channels[record.channel_id]
                        yield channel.topic, schemas[channel.schema_id], record
        except FileNotFoundError:
            continue  # finished, and so renamed, since we looked
        done = max(done, seen)
        if not follow or not source.name.endswith(PART_SUFFIX):
            return
        time.sleep(LOOK_AGAIN_S)


class FoxgloveViewer:
    """Serves the messages on a WebSocket; open it in Foxglove as ``ws://127.0.0.1:8766``."""

    def __init__(self, port: int = FOXGLOVE_PORT) -> None:
        try:
            import foxglove
        except ImportError as error:
            raise ConfigError("Foxglove needs its package: pip install foxglove-sdk") from error
        self._foxglove = foxglove
        self._server = foxglove.start_server(name="liquid_nav", host="127.0.0.1", port=port)
        self._channels: dict[str, Any] = {}

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Pass a message on as it is."""
        if topic not in self._channels:
            described = self._foxglove.Schema(name=schema.name, encoding=schema.encoding, data=schema.data)
            self._channels[topic] = self._foxglove.Channel(topic, message_encoding="cdr", schema=described)
        self._channels[topic].log(message.data, log_time=message.log_time)

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()


class RerunViewer:
    """Logs image, way, target, commands, verdicts and notes.

    Args:
        save: write an ``.rrd`` file instead of opening the viewer.
    """

    def __init__(self, save: Path | None = None) -> None:
        try:
            import rerun
        except ImportError as error:
            raise ConfigError("rerun needs its package: pip install rerun-sdk") from error
        self._rerun = rerun
        rerun.init("liquid_nav", spawn=save is None)
        if save is not None:
            rerun.save(save)
        rerun.send_blueprint(blueprint())
        self._way: list[list[float]] = []

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Log a message of a kind that has a place in the view."""
        name = topic.rsplit("/", 1)[-1]
        rr = self._rerun
        if not (topic.endswith("image/compressed") or name in ("odom", "pose", *COMMANDS) or topic == "/diagnostics"):
            return
        values = messages.STORE.deserialize_cdr(message.data, schema.name)
        rr.set_time("time", timestamp=1e-9 * message.publish_time)
        if topic.endswith("image/compressed"):
            rr.log(topic.strip("/"), rr.EncodedImage(contents=values.data.tobytes(), media_type="image/jpeg"))
        elif name == "odom":
            place = values.pose.pose.position
            here = [place.x, place.y, place.z]
            rr.log("world/vehicle", rr.Points3D([here], radii=0.15))
            if not self._way or max(abs(a - b) for a, b in zip(here, self._way[-1], strict=True)) > WAY_STEP_M:
                self._way.append(here)
                rr.log("world/way", rr.LineStrips3D([self._way]))
        elif name == "pose":
            place = values.pose.position
            rr.log("world/target", rr.Points3D([[place.x, place.y, place.z]], radii=0.25, colors=[200, 30, 30]))
        elif name in COMMANDS:
            command = messages.command_of(values).as_array()
            for axis, value in zip(AXES, command, strict=True):
                rr.log(f"commands/{axis}/{topic.strip('/')}", rr.Scalars(float(value)))
        else:
            for status in values.status:
                if status.name == "liquid_nav: safety" and status.message:
                    rr.log("safety", rr.TextLog(status.message))

    def close(self) -> None:
        """Hand over what is left."""
        self._rerun.disconnect()


def blueprint() -> Any:
    """Return the view: image and map above, commands and verdicts below."""
    import rerun.blueprint as rrb

    commands = [rrb.TimeSeriesView(origin=f"commands/{axis}", name=axis) for axis in AXES]
    above = rrb.Horizontal(
        rrb.Spatial2DView(origin="camera/image/compressed", name="camera"),
        rrb.Spatial3DView(origin="world", name="map"),
    )
    below = rrb.Horizontal(rrb.Grid(*commands), rrb.TextLogView(origin="safety", name="safety"), column_shares=[3, 1])
    return rrb.Blueprint(rrb.Vertical(above, below), collapse_panels=True)

"""Where recordings are shown: Foxglove over a WebSocket, or rerun."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from mcap.records import Message, Schema

from liquid_nav.data import messages
from liquid_nav.errors import ConfigError

FOXGLOVE_PORT = 8766  # beside the cockpit
FLIGHT_TOPIC = "/flight"
WAY_STEP_M = 0.2
COMMANDS = ("cmd_vel_raw", "cmd_vel")
AXES = ("forward", "left", "up", "yaw_rate")


class Viewer(Protocol):
    """Takes recordings one after another, messages as they are in the file."""

    def begin(self, name: str) -> None:
        """A recording of this name begins."""

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Show one message."""

    def close(self) -> None:
        """Hand over what is left."""


def make_viewer(*, foxglove: bool, rerun: bool, save: Path | None = None) -> Viewer | None:
    """Return the viewer that was asked for, None when none was.

    Raises:
        ConfigError: when both were, its package is not installed or its port is taken.
    """
    if foxglove and rerun:
        raise ConfigError("where to show it is not clear: give --foxglove or --rerun")
    if save is not None and not rerun:
        raise ConfigError(f"--save {save} is of --rerun: give that too, or leave it out")
    if foxglove:
        return FoxgloveViewer()
    return RerunViewer(save) if rerun else None


class FoxgloveViewer:
    """Serves the messages on a WebSocket; open it in Foxglove as ``ws://127.0.0.1:8766``.

    Args:
        port: of the WebSocket, 0 for a free one.

    Raises:
        ConfigError: when the package is not installed or the port is taken.
    """

    def __init__(self, port: int = FOXGLOVE_PORT) -> None:
        try:
            import foxglove
        except ImportError as error:
            raise ConfigError("Foxglove needs its package: pip install foxglove-sdk") from error
        self._foxglove, self._context = foxglove, foxglove.Context()
        try:
            self._server = foxglove.start_server(name="liquid_nav", host="127.0.0.1", port=port, context=self._context)
        except RuntimeError as error:
            raise ConfigError(f"port {port} cannot be used ({error}): end what shows something there") from error
        self.port = int(self._server.port)
        self._channels: dict[str, Any] = {}
        self._flight = foxglove.Channel(FLIGHT_TOPIC, message_encoding="json", context=self._context)

    def begin(self, name: str) -> None:
        """Name the recording on ``/flight``."""
        self._flight.log({"name": name})

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Pass a message on as it is."""
        if topic not in self._channels:
            described = self._foxglove.Schema(name=schema.name, encoding=schema.encoding, data=schema.data)
            self._channels[topic] = self._foxglove.Channel(
                topic, message_encoding="cdr", schema=described, context=self._context
            )
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

    def begin(self, name: str) -> None:
        """Start a new way, and say whose it is."""
        self._way = []
        self._rerun.log("flight", self._rerun.TextLog(name))

    def show(self, topic: str, schema: Schema, message: Message) -> None:
        """Log a message of a kind that has a place in the view."""
        name = topic.rsplit("/", 1)[-1]
        rr = self._rerun
        if not (topic.endswith("image/compressed") or name in ("odom", "pose", *COMMANDS) or topic == "/diagnostics"):
            return
        values: Any = messages.STORE.deserialize_cdr(message.data, schema.name)
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

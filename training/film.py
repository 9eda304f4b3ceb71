"""The film of a flight: what the vehicle saw, how it looked from behind, where it went, what the neurons did."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.data.messages import picture_of
from liquid_nav.frames import quaternion_to_matrix
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.mesh_tools import pose
from sim_worlds.render.projection import look_at
from sim_worlds.scene import DynamicInstance, Renderer
from sim_worlds.world import World
from training.flight_log import FlightLog
from training.map_view import MapView
from training.progress import progress_bar

WIDTH, HEIGHT = 1280, 720
NOMINAL_HZ, TICK_S = 20, Fraction(1, 1000)
ONBOARD = (832, 468)
CHASE = (448, 336)
MAP = (448, 384)
CHASE_SAMPLES = (448, 336)
INK = (235, 236, 238)
FAINT = (120, 126, 134)
PAPER = (24, 26, 30)
ACCENT = (255, 196, 60)
GREEN, ORANGE, RED = (110, 210, 120), (255, 170, 60), (240, 80, 70)
FONT = cv2.FONT_HERSHEY_SIMPLEX
PEAK_SHARE = 0.25
LEAST_PEAK = 25
RULE_COLOURS = {"pass": GREEN, "limit": ACCENT, "hover": ORANGE, "hold": ORANGE, "land": RED}

Picture = NDArray[np.uint8]


class Film:
    """Writes H.264 pictures, each at its own time, to a file, which is whole after :meth:`close`."""

    def __init__(self, path: Path, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        self._container = av.open(str(path), mode="w")
        self._stream = self._container.add_stream("libx264", rate=NOMINAL_HZ)
        self._stream.codec_context.time_base = TICK_S
        self._first_s: float | None = None
        self._ticks = -1
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"preset": "veryfast", "crf": "23"}
        self._stream.thread_count = 2

    def add(self, picture: Picture, stamp_s: float) -> None:
        """Append an RGB picture, shown as long after the first as its stamp says; stamps rise."""
        self._first_s = stamp_s if self._first_s is None else self._first_s
        self._ticks = max(self._ticks + 1, round((stamp_s - self._first_s) / TICK_S))
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self._ticks, TICK_S
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Finish the file."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def film_flight(log: FlightLog, path: Path, *, world: World, renderer: Renderer) -> None:
    """Film a simulated flight.

    Args:
        log: what was recorded.
        path: of the MP4.
        world: as it was at the start; what moves in it is moved on to each image's stamp.
        renderer: draws the chase view.
    """
    renderer.load(world.scene)
    vehicle = [state.position_enu_m for state in log.odometry]
    view = MapView(world.scene, vehicle, [place for _, place in log.targets], MAP)
    last_s = 0.0
    with Film(path) as film, progress_bar("filming", len(log.images)) as advance:
        for stamp_s, message in log.images:
            state = log.odometry_at(stamp_s)
            if stamp_s > last_s and state is not None:
                world.replay(stamp_s - last_s, state.position_enu_m)
                last_s = stamp_s
            if state is not None:
                film.add(_page(log, stamp_s, message, state, world, renderer, view), stamp_s)
            advance(1, "")


def film_camera(log: FlightLog, path: Path) -> None:
    """Film a session without a vehicle: the annotated camera image and the panel below it."""
    with Film(path, (ONBOARD[0], HEIGHT)) as film, progress_bar("filming", len(log.images)) as advance:
        for stamp_s, message in log.images:
            page = np.full((HEIGHT, ONBOARD[0], 3), PAPER, dtype=np.uint8)
            _onboard(page, log, stamp_s, picture_of(message))
            _panel(page, log, stamp_s, {})
            film.add(page, stamp_s)
            advance(1, "")


def _page(
    log: FlightLog,
    stamp_s: float,
    message: Any,
    state: Odometry,
    world: World,
    renderer: Renderer,
    view: MapView,
) -> Picture:
    page = np.full((HEIGHT, WIDTH, 3), PAPER, dtype=np.uint8)
    _onboard(page, log, stamp_s, picture_of(message))
    page[: CHASE[1], ONBOARD[0] :] = _chase(state, world, renderer)
    place = world.target.position_enu_m
    page[CHASE[1] :, ONBOARD[0] :] = view.draw(state, place, stamp_s, [item.stamp_s for item in log.odometry])
    _caption(page, "onboard", (12, 24))
    _caption(page, "from behind", (ONBOARD[0] + 12, 24))
    _caption(page, "map", (ONBOARD[0] + 12, CHASE[1] + 24))
    _panel(page, log, stamp_s, log.status_at(stamp_s))
    return page


def _onboard(page: Picture, log: FlightLog, stamp_s: float, rgb: Picture) -> None:
    """Draw the camera image with the box around what the policy attends to."""
    height, width = rgb.shape[:2]
    scale = min(ONBOARD[0] / width, ONBOARD[1] / height)
    size = (round(width * scale), round(height * scale))
    left, top = (ONBOARD[0] - size[0]) // 2, (ONBOARD[1] - size[1]) // 2
    shown = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
    attention = log.attention.get(round(stamp_s, 4))
    box = None if attention is None else attention_box(attention)
    if box is not None:
        x0, y0, x1, y1 = (round(value * size[axis % 2]) for axis, value in enumerate(box))
        cv2.rectangle(shown, (x0 - 4, y0 - 4), (x1 + 4, y1 + 4), ACCENT, 2, cv2.LINE_AA)
    page[top : top + size[1], left : left + size[0]] = shown
    command = log.commands.get(round(stamp_s, 4))
    if command is not None:
        _arrow(page, command)


def attention_box(attention: NDArray[np.uint8]) -> tuple[float, float, float, float] | None:
    """Return left, top, right, bottom (0..1) of the attention's peak, None when it is spread out."""
    if int(attention.max()) < LEAST_PEAK:
        return None
    rows, columns = np.nonzero(attention >= PEAK_SHARE * attention.max())
    height, width = attention.shape
    return (
        float(columns.min() / width),
        float(rows.min() / height),
        float((columns.max() + 1) / width),
        float((rows.max() + 1) / height),
    )


def _arrow(page: Picture, command: VelocityCommand) -> None:
    """Draw the commanded velocity in the image's lower middle: up is forward, sideways is turning."""
    base = (ONBOARD[0] // 2, ONBOARD[1] - 26)
    tip = (round(base[0] - 110 * command.yaw_rate_rad_s), round(base[1] - 48 * command.forward_m_s))
    cv2.arrowedLine(page, base, tip, ACCENT, 3, cv2.LINE_AA, tipLength=0.2)


def _chase(state: Odometry, world: World, renderer: Renderer) -> Picture:
    yaw = state.yaw_rad
    ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    eye = state.position_enu_m - 2.6 * ahead + np.array([0.0, 0.0, 1.0])
    width, height = CHASE_SAMPLES
    view = look_at(eye, state.position_enu_m + 2.0 * ahead, width_px=width, height_px=height)
    rotation = quaternion_to_matrix(state.attitude_xyzw)
    vehicle = DynamicInstance("vehicle", pose(state.position_enu_m, rotation), shadow_size_m=(0.3, 0.1))
    picture = renderer.render(view, [*world.dynamic_instances(), vehicle]).rgb
    return np.asarray(cv2.resize(picture, CHASE), dtype=np.uint8)


def _panel(page: Picture, log: FlightLog, stamp_s: float, status: dict[str, Any]) -> None:
    """Write the numbers, the command's bars and the neurons below the camera image."""
    top = ONBOARD[1] + 14
    rule, action, _ = log.verdict_at(stamp_s)
    _text(page, f"time {stamp_s - log.images[0][0]:5.1f} s", (16, top + 22), INK)
    if status:
        _text(page, f"distance {status['distance_m']:.1f} m", (180, top + 22), INK)
        seen = bool(status["in_view"])
        _text(page, "in view" if seen else "hidden", (390, top + 22), GREEN if seen else ORANGE)
        tsr = f"{100 * status['tsr']:.0f}%" if status["tsr_counts"] else "--"
        _text(page, f"TSR {tsr}", (520, top + 22), INK)
    _text(page, f"safety {action}: {rule}", (16, top + 54), RULE_COLOURS.get(action, INK))
    stamp = round(stamp_s, 4)
    raw, flown = log.raw_commands.get(stamp), log.commands.get(stamp)
    _bars(page, raw, flown, (16, top + 84))
    _neurons(page, log.neurons_at(stamp_s), (430, top + 84))


def _bars(page: Picture, raw: VelocityCommand | None, flown: VelocityCommand | None, corner: tuple[int, int]) -> None:
    names = ("forward", "left", "up", "turn left")
    limits = (2.5, 1.5, 1.0, 1.5)
    x, y = corner
    for index, (name, limit) in enumerate(zip(names, limits, strict=True)):
        row = y + 34 * index
        _text(page, name, (x, row + 14), FAINT, 0.5)
        middle = x + 220
        cv2.line(page, (middle, row), (middle, row + 18), FAINT, 1)
        for command, colour, inset in ((raw, (90, 110, 150), 0), (flown, ACCENT, 5)):
            if command is not None:
                value = float(np.clip(command.as_array()[index] / limit, -1.0, 1.0))
                end = round(middle + 115 * value)
                cv2.rectangle(page, (middle, row + inset), (end, row + 18 - inset), colour, -1)
        if flown is not None:
            _text(page, f"{flown.as_array()[index]:+.2f}", (x + 345, row + 14), INK, 0.45)


def _neurons(page: Picture, activity: NDArray[np.float32] | None, corner: tuple[int, int]) -> None:
    """Draw the liquid neurons as discs: inter, command, motor from left to right."""
    if activity is None:
        return
    x, y = corner
    _text(page, f"{len(activity)} liquid neurons", (x, y + 14), FAINT, 0.5)
    for index, value in enumerate(activity):
        centre = (x + 14 + 38 * (index % 10), y + 48 + 44 * (index // 10))
        strength = float(np.clip(abs(value), 0.0, 1.0))
        colour = (230, 120, 70) if value > 0 else (80, 140, 235)
        cv2.circle(page, centre, 14, (55, 58, 64), -1, cv2.LINE_AA)
        cv2.circle(page, centre, round(3 + 11 * strength), colour, -1, cv2.LINE_AA)


def _text(page: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int], size: float = 0.62) -> None:
    cv2.putText(page, text, at, FONT, size, colour, 1, cv2.LINE_AA)


def _caption(page: Picture, text: str, at: tuple[int, int]) -> None:
    """Write on a dark label, readable on any picture."""
    (width, height), _ = cv2.getTextSize(text, FONT, 0.5, 1)
    cv2.rectangle(page, (at[0] - 6, at[1] - height - 6), (at[0] + width + 6, at[1] + 7), PAPER, -1)
    _text(page, text, at, INK, 0.5)

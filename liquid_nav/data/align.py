"""From topics that each keep their own time to steps: one per image, with what was flown and what was wanted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.data.episode import Step
from liquid_nav.errors import ConfigError
from liquid_nav.frames import wrap_angle
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

T = TypeVar("T")
SAME_S = 1e-3  # stamps that differ by less are one
SIDE_PX = (16, 4096)  # least and most of an image's width and height
VERDICT_S = 0.1  # a verdict on an image's command comes at most this long after it


@dataclass(frozen=True)
class AlignOptions:
    """How topics are brought together.

    Attributes:
        rate_hz: of the steps, made from the images next to each beat; None for every image.
        size_px: width and height of the images, cropped centrally to this shape first; None as they are.
        reaction_s: a person's command answers what was seen this long ago: the label of an image is what the pilot
            wanted so much later.
        pilot_timeout_s: a pilot whose last command is older does not fly.
        longest_gap_s: between images; where it is longer, another episode begins.
        oldest_s: an older estimate of the state is none.

    Raises:
        ConfigError: when the size does not fit.
    """

    rate_hz: float | None = None
    size_px: tuple[int, int] | None = None
    reaction_s: float = 0.25
    pilot_timeout_s: float = 0.3
    longest_gap_s: float = 1.0
    oldest_s: float = 0.5

    def __post_init__(self) -> None:
        low, high = SIDE_PX
        if self.size_px is not None and not all(low <= side <= high for side in self.size_px):
            width, height = self.size_px
            raise ConfigError(f"size is {width}x{height}: use {low} to {high} pixels each way")


@dataclass
class Tracks:
    """Topics of one recording, each as (stamp in seconds, value) in the order of stamps.

    Attributes:
        images: what decodes to uint8 RGB (height, width, 3).
        odometry: states of the vehicle.
        flown: commands that reached the vehicle.
        wanted: what the pilot wanted.
        labels: what an expert would have flown, which needs no time to react.
        sources: who flew: ``"policy"`` or ``"pilot"``.
        targets: (3,) positions of the backpack.
    """

    images: list[tuple[float, Callable[[], NDArray[np.uint8]]]] = field(default_factory=list)
    odometry: list[tuple[float, Odometry]] = field(default_factory=list)
    flown: list[tuple[float, VelocityCommand]] = field(default_factory=list)
    wanted: list[tuple[float, VelocityCommand]] = field(default_factory=list)
    labels: list[tuple[float, VelocityCommand]] = field(default_factory=list)
    sources: list[tuple[float, str]] = field(default_factory=list)
    targets: list[tuple[float, NDArray[np.float64]]] = field(default_factory=list)

    def sort(self) -> None:
        """Put every track in the order of its stamps."""
        for track in (
            self.images, self.odometry, self.flown, self.wanted, self.labels, self.sources, self.targets
        ):  # fmt: skip
            track.sort(key=lambda entry: entry[0])


def align(tracks: Tracks, options: AlignOptions) -> Iterator[Iterator[Step]]:
    """Yield the episodes of a recording, each as the steps whose state and command are known."""
    for chosen in _stretches(tracks, options):
        yield _steps(tracks, options, chosen)


def _stretches(tracks: Tracks, options: AlignOptions) -> Iterator[list[int]]:
    """Yield the indices of images of each stretch without a gap."""
    stamps = [stamp for stamp, _ in tracks.images]
    if not stamps:
        return
    cuts = [i for i in range(1, len(stamps)) if stamps[i] - stamps[i - 1] > options.longest_gap_s]
    for first, end in zip([0, *cuts], [*cuts, len(stamps)], strict=True):
        yield _beats(stamps, first, end, options.rate_hz)


def _beats(stamps: list[float], first: int, end: int, rate_hz: float | None) -> list[int]:
    """Return the indices of the images next to each beat, each once; without a rate all but repeated stamps."""
    if rate_hz is None:
        return [i for i in range(first, end) if i == first or stamps[i] - stamps[i - 1] > SAME_S]
    chosen: list[int] = []
    for beat in np.arange(stamps[first], stamps[end - 1] + 0.5 / rate_hz, 1.0 / rate_hz):
        after = min(bisect_left(stamps, float(beat), first, end), end - 1)
        nearest = after - 1 if after > first and beat - stamps[after - 1] < stamps[after] - beat else after
        if not chosen or nearest > chosen[-1]:
            chosen.append(nearest)
    return chosen


def _steps(tracks: Tracks, options: AlignOptions, chosen: list[int]) -> Iterator[Step]:
    for index in chosen:
        stamp, decode = tracks.images[index]
        odometry = _state_at(tracks.odometry, stamp, options.oldest_s)
        command = _last(tracks.flown, stamp + SAME_S)
        if odometry is None or command is None:
            continue
        label = _label(tracks, stamp, options)
        target = _last(tracks.targets, stamp + SAME_S)
        yield Step(
            frame=CameraFrame(fit(decode(), options.size_px), stamp),
            odometry=odometry,
            command=command,
            expert=command if label is None else label,
            target_position_enu_m=np.full(3, np.nan) if target is None else target,
            labelled=label is not None,
            source=_source(tracks, stamp, options),
        )


def _label(tracks: Tracks, stamp: float, options: AlignOptions) -> VelocityCommand | None:
    """Return what should have been flown: an expert's word now, or the pilot's after the time to react."""
    if tracks.labels:
        return _last(tracks.labels, stamp + SAME_S, options.oldest_s)
    return _last(tracks.wanted, stamp + options.reaction_s + SAME_S, options.pilot_timeout_s)


def _source(tracks: Tracks, stamp: float, options: AlignOptions) -> str:
    if tracks.sources:
        index = bisect_left(tracks.sources, stamp - SAME_S, key=lambda entry: entry[0])
        if index < len(tracks.sources) and tracks.sources[index][0] - stamp <= VERDICT_S:
            return tracks.sources[index][1]
        return tracks.sources[index - 1][1] if index else ""
    if not tracks.wanted:
        return ""
    return "pilot" if _last(tracks.wanted, stamp + SAME_S, options.pilot_timeout_s) is not None else "policy"


def _last(track: Sequence[tuple[float, T]], time_s: float, oldest_s: float = float("inf")) -> T | None:
    """Return the last value up to a time, None when there is none or it is too old."""
    index = bisect_right(track, time_s, key=lambda entry: entry[0])
    if not index or time_s - track[index - 1][0] > oldest_s:
        return None
    return track[index - 1][1]


def _state_at(track: Sequence[tuple[float, Odometry]], stamp: float, oldest_s: float) -> Odometry | None:
    """Return the state at a time, between its neighbours; None when both are far away."""
    index = bisect_left(track, stamp, key=lambda entry: entry[0])
    around = track[max(0, index - 1) : index + 1]
    if not around or min(abs(time - stamp) for time, _ in around) > oldest_s:
        return None
    if len(around) == 1:
        return around[0][1]
    (before_s, before), (after_s, after) = around
    share = (stamp - before_s) / max(after_s - before_s, 1e-9)
    return _between(before, after, share, stamp)


def _between(before: Odometry, after: Odometry, share: float, stamp: float) -> Odometry:
    def mix(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((1.0 - share) * first + share * second)

    second = after.attitude_xyzw if before.attitude_xyzw @ after.attitude_xyzw >= 0.0 else -after.attitude_xyzw
    attitude = mix(before.attitude_xyzw, second)
    return Odometry(
        stamp,
        mix(before.position_enu_m, after.position_enu_m),
        mix(before.velocity_enu_m_s, after.velocity_enu_m_s),
        attitude / np.linalg.norm(attitude),
        mix(before.angular_velocity_flu_rad_s, after.angular_velocity_flu_rad_s),
    )


def fit(rgb: NDArray[np.uint8], size_px: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Crop an image (height, width, 3) centrally to the shape of ``size_px`` (width, height) and scale it."""
    height, width = rgb.shape[:2]
    if size_px is None or (width, height) == size_px:
        return rgb
    left, top, crop_width, crop_height = crop(width, height, size_px)
    cropped = rgb[top : top + crop_height, left : left + crop_width]
    way = cv2.INTER_AREA if crop_width > size_px[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cropped, size_px, interpolation=way), dtype=np.uint8)


def crop(width: int, height: int, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the largest central part with the shape of ``size_px``."""
    scale = min(width / size_px[0], height / size_px[1])
    crop_width, crop_height = round(size_px[0] * scale), round(size_px[1] * scale)
    return (width - crop_width) // 2, (height - crop_height) // 2, crop_width, crop_height


def with_velocities(states: list[tuple[float, Odometry]]) -> list[tuple[float, Odometry]]:
    """Return states with velocities and yaw rates taken from their differences, for poses that came without."""
    if len(states) < 2:
        return states
    times = np.array([stamp for stamp, _ in states])
    keep = np.concatenate([[True], np.diff(times) > 1e-6])
    states = [entry for entry, good in zip(states, keep, strict=True) if good]
    times = times[keep]
    if len(states) < 2:
        return states
    velocities = np.gradient(np.stack([state.position_enu_m for _, state in states]), times, axis=0)
    yaws = np.unwrap([wrap_angle(state.yaw_rad) for _, state in states])
    rates = np.gradient(yaws, times)
    return [
        (stamp, Odometry(stamp, state.position_enu_m, velocity, state.attitude_xyzw, np.array([0.0, 0.0, rate])))
        for (stamp, state), velocity, rate in zip(states, velocities, rates, strict=True)
    ]

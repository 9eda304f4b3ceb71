"""Whether an episode is good to learn from: what it holds in numbers, and what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.data.episode import Step
from liquid_nav.data.reader import EpisodeFile
from liquid_nav.data.recorded import image_stamps_ns
from liquid_nav.frames import quaternion_to_matrix

SHORT_S = 2.0
DROPPED_SHARE = 0.05
FASTER, CARRIED_M = 1.5, 1.5  # a pause explains so much more than the way at the speed around it, and so much besides
GAP_S = 0.5
SATURATED_SHARE = 0.6
LEAST_EXTREME = 0.5  # m/s or rad/s: smaller extremes are no saturation
FROZEN_S = 0.5
SAME_GREY = 0.25  # mean difference of grey values of images that are one
MOVING = 0.2  # m/s, rad/s
DARK_GREY = 12.0
SEEN_PX = 6
SMALL = (48, 27)
AXES = ("forward", "left", "up", "yaw rate")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a short name for programs, a sentence for people."""

    name: str
    text: str


@dataclass
class Quality:
    """What an episode holds.

    Attributes:
        steps, seconds, rate_hz: of the images whose command and state are known; the rate is the usual one.
        path_m: flown.
        labelled: share of steps that say what should have been flown.
        interventions: how often the pilot took over from the policy; ``pilot_share``: of steps that he flew.
        target_in_view: share of steps, None where nobody knows.
        nearest_m: to the target, None where nobody knows.
        findings: what is wrong.
    """

    steps: int = 0
    seconds: float = 0.0
    rate_hz: float = 0.0
    path_m: float = 0.0
    labelled: float = 0.0
    interventions: int = 0
    pilot_share: float = 0.0
    target_in_view: float | None = None
    nearest_m: float | None = None
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        values = asdict(self)
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in values.items()}


@dataclass
class _Series:
    """Numbers of all steps."""

    arrived_ns: list[int]  # stamps of all images in the order of their coming; those of the steps are sorted
    stamps: list[float] = field(default_factory=list)
    positions: list[NDArray[np.float64]] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    velocities: list[float] = field(default_factory=list)
    commands: list[NDArray[np.float32]] = field(default_factory=list)
    targets: list[NDArray[np.float64]] = field(default_factory=list)
    seen: list[bool | None] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    greys: list[float] = field(default_factory=list)
    labelled: list[bool] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, step: Step, small: NDArray[np.int16], before: NDArray[np.int16] | None, fov_rad: float) -> None:
        odometry = step.odometry
        rates = float(np.abs(odometry.angular_velocity_flu_rad_s).max())
        self.stamps.append(step.frame.stamp_s)
        self.positions.append(odometry.position_enu_m)
        self.velocities.append(float(np.linalg.norm(odometry.velocity_enu_m_s)))
        self.speeds.append(max(self.velocities[-1], rates))
        self.commands.append(step.command.as_array())
        self.targets.append(step.target_position_enu_m)
        self.seen.append(_in_view(step, fov_rad))
        self.changes.append(np.inf if before is None else float(np.abs(small - before).mean()))
        self.greys.append(float(small.mean()))
        self.labelled.append(step.labelled)
        self.sources.append(step.source)


def check(episode: EpisodeFile) -> Quality:
    """Read an episode through and judge it."""
    series, before = _Series(image_stamps_ns(episode.messages)), None
    fov = episode.metadata.horizontal_fov_rad
    for step in episode.steps():
        grey = cv2.cvtColor(cv2.resize(step.frame.rgb, SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        small = grey.astype(np.int16)
        series.add(step, small, before, fov)
        before = small
    quality = Quality(steps=len(series.stamps))
    if episode.damage:
        lost = f"{episode.lost_bytes} bytes are lost: {episode.damage}"
        quality.findings.append(Finding("damaged", lost))
    if quality.steps < 2:
        quality.findings.append(Finding("empty", f"{quality.steps} images have a command and a state"))
        return quality
    _measure(quality, series)
    for judge in (_times, _camera, _commands, _target, _words):
        quality.findings += judge(quality, series)
    dropped = episode.metadata.extra.get("dropped", "0")
    if dropped not in ("", "0"):
        quality.findings.append(Finding("dropped_messages", f"the recorder could not keep {dropped} messages"))
    return quality


def _measure(quality: Quality, series: _Series) -> None:
    stamps, positions = np.array(series.stamps), np.stack(series.positions)
    quality.seconds = float(stamps[-1] - stamps[0])
    quality.rate_hz = float(1.0 / max(np.median(np.diff(stamps)), 1e-6))
    ways = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    quality.path_m = float(ways[~_restarts(series)].sum())
    quality.labelled = float(np.mean(series.labelled))
    quality.pilot_share = float(np.mean([source == "pilot" for source in series.sources]))
    quality.interventions = sum(one == "policy" and two == "pilot" for one, two in pairwise(series.sources))
    distances = np.linalg.norm(np.stack(series.targets) - positions, axis=1)
    if np.isfinite(distances).any():
        quality.nearest_m = float(np.nanmin(distances))
    known = [seen for seen in series.seen if seen is not None]
    if known:
        quality.target_in_view = float(np.mean(known))


def _restarts(series: _Series) -> NDArray[np.bool_]:
    """Where the flight begins again elsewhere, (steps - 1,): after a pause, farther away than it could have flown."""
    gaps, speeds = np.diff(series.stamps), np.array(series.velocities)
    ways = np.linalg.norm(np.diff(np.stack(series.positions), axis=0), axis=1)
    reach = FASTER * 0.5 * (speeds[1:] + speeds[:-1]) * gaps + CARRIED_M
    return np.asarray((gaps > GAP_S) & (ways > reach))


def _times(quality: Quality, series: _Series) -> list[Finding]:
    findings = []
    if np.diff(series.arrived_ns).min() <= 0:
        findings.append(Finding("time_backwards", "stamps of images do not grow"))
    gaps = np.diff(series.stamps)[~_restarts(series)]
    period = 1.0 / quality.rate_hz
    missing = int(np.maximum(np.round(gaps / period) - 1, 0).sum())
    if quality.seconds < SHORT_S:
        findings.append(Finding("short", f"it lasts {quality.seconds:.1f} s, less than {SHORT_S:g} s"))
    if not len(gaps):
        return findings
    if missing > DROPPED_SHARE * (len(gaps) + missing):
        share = missing / (len(gaps) + missing)
        findings.append(Finding("dropped_frames", f"{missing} images ({share:.0%}) are missing at {1 / period:.1f} Hz"))
    if gaps.max() > max(GAP_S, 3.0 * period):
        at = series.stamps[int(np.flatnonzero(np.diff(series.stamps) == gaps.max())[0])] - series.stamps[0]
        findings.append(Finding("time_gap", f"no image for {gaps.max():.2f} s after {at:.1f} s"))
    return findings


def _camera(quality: Quality, series: _Series) -> list[Finding]:
    findings = []
    longest, run, begun = 0.0, 0.0, 0.0
    for index in range(1, len(series.stamps)):
        still = series.changes[index] < SAME_GREY and series.speeds[index] > MOVING
        run = run + series.stamps[index] - series.stamps[index - 1] if still else 0.0
        if run > longest:
            longest, begun = run, series.stamps[index] - run - series.stamps[0]
    if longest > FROZEN_S:
        findings.append(Finding("frozen_camera", f"the image stands still for {longest:.1f} s after {begun:.1f} s"))
    if np.median(series.greys) < DARK_GREY:
        findings.append(Finding("dark", f"half of the images are darker than {DARK_GREY:g} of 255"))
    return findings


def _commands(quality: Quality, series: _Series) -> list[Finding]:
    findings = []
    commands = np.abs(np.stack(series.commands))  # (steps, 4)
    for axis, name in enumerate(AXES):
        extreme = float(commands[:, axis].max())
        share = float(np.mean(commands[:, axis] > 0.99 * extreme)) if extreme > LEAST_EXTREME else 0.0
        if share > SATURATED_SHARE:
            findings.append(Finding("saturated", f"{name} is at {extreme:.2f} in {share:.0%} of the steps"))
    if commands.max() < 0.05:
        findings.append(Finding("idle", "nothing was commanded"))
    if commands[:, :3].max() > 0.3 and quality.path_m < 0.05 and quality.seconds > SHORT_S:
        findings.append(Finding("frozen_estimate", "the state stands still though motion was commanded"))
    return findings


def _target(quality: Quality, series: _Series) -> list[Finding]:
    if quality.target_in_view == 0.0:
        return [Finding("target_never_seen", "the target is in no image")]
    return []


def _words(quality: Quality, series: _Series) -> list[Finding]:
    if quality.labelled == 0.0:
        return [Finding("no_labels", "nobody says what should have been flown: the pilot never commanded")]
    return []


def _in_view(step: Step, fov_rad: float) -> bool | None:
    """Say whether the target is in the image: by its mask, else by where it is; None when nobody knows."""
    if step.target_mask is not None:
        return int(step.target_mask.sum()) >= SEEN_PX
    if not np.isfinite(step.target_position_enu_m).all() or not np.isfinite(fov_rad):
        return None
    odometry = step.odometry
    way = step.target_position_enu_m - odometry.position_enu_m
    ahead, left, up = quaternion_to_matrix(odometry.attitude_xyzw).T @ way
    height, width = step.frame.rgb.shape[:2]
    half = np.tan(0.5 * fov_rad)
    return bool(ahead > 0.0 and abs(left) < half * ahead and abs(up) < half * height / width * ahead)

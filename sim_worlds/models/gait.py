"""How bodies move: walking, standing, sitting and pedalling, as poses of the parts of a person of 1.75 m.

Joint angles of walking follow the usual curves of gait analysis (hip a cosine, knee with a small stance and
a large swing flexion, ankle pushing off before the swing); the hip height keeps the lower foot on the ground.
Flexion is positive; the person faces +x, feet on z = 0.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim_worlds.mesh_tools import pose, rotation

HEIGHT_M = 1.75
THIGH_M, SHANK_M, ANKLE_M = 0.44, 0.42, 0.08
HIP_M = THIGH_M + SHANK_M + ANKLE_M
HIP_HALF_M, SHOULDER_HALF_M = 0.095, 0.19
SHOULDER_OVER_HIP_M, NECK_OVER_HIP_M = 0.46, 0.52
UPPER_ARM_M = 0.28
STRIDE_M = 1.4
BRISK_M_S = 1.4
PARTS = ("torso", "head") + 2 * ("thigh", "shank", "foot", "upper_arm", "forearm")
PHASES, SWINGS = 48, 8
SEAT_M = 0.94  # hip over the ground on a bicycle
PEDAL_AXIS_M, CRANK_M = (0.12, 0.28), 0.17

Poses = NDArray[np.float64]


def stride_m(speed_m_s: float) -> float:
    """Length of two steps at a speed: people take shorter ones when they go slower."""
    return 0.45 + (STRIDE_M - 0.45) * min(speed_m_s / BRISK_M_S, 1.3)


def swing_of(speed_m_s: float) -> float:
    """How far the limbs swing at a speed: 0 standing, 1 walking briskly."""
    return min(1.0, stride_m(speed_m_s) / STRIDE_M) * min(1.0, speed_m_s / 0.35)


def walking_poses(phase_rad: float, swing: float) -> Poses:
    """Return the poses (12, 4, 4) of :data:`PARTS` relative to the person, left side first.

    Args:
        phase_rad: 0..2 pi over two steps; 0 is the left heel strike.
        swing: 0 standing, 1 walking briskly.
    """
    phase = round(phase_rad / (2.0 * np.pi) * PHASES) % PHASES
    return _walking(phase, round(min(max(swing, 0.0), 1.0) * SWINGS))


@cache
def _walking(phase: int, swing: int) -> Poses:
    angle, share = 2.0 * np.pi * phase / PHASES, swing / SWINGS
    legs = [_leg(angle, share), _leg(angle + np.pi, share)]
    hip = max(THIGH_M * np.cos(h) + SHANK_M * np.cos(h - k) + ANKLE_M for h, k, _ in legs) if share else HIP_M
    twist, roll = 0.10 * share * float(np.cos(angle)), 0.035 * share * float(np.sin(angle))
    sway = 0.02 * share * float(np.sin(angle))
    torso = pose((0.0, sway, hip), rotation(-twist, 0.05 * share, roll))
    poses = [torso, torso @ pose((0.0, 0.0, NECK_OVER_HIP_M), rotation(0.7 * twist, -0.04 * share, -roll))]
    for side, (flexion, knee, ankle) in zip((1.0, -1.0), legs, strict=True):
        forward = 0.02 * side * twist
        thigh = pose((forward, sway + HIP_HALF_M * side, hip), rotation(pitch_rad=-flexion, roll_rad=0.02 * side))
        shank = thigh @ pose((0.0, 0.0, -THIGH_M), rotation(pitch_rad=knee))
        foot = shank @ pose((0.0, 0.0, -SHANK_M), rotation(pitch_rad=-ankle))
        opposite = legs[1 if side > 0 else 0][0]
        arm = torso @ pose(
            (0.0, SHOULDER_HALF_M * side, SHOULDER_OVER_HIP_M),
            rotation(pitch_rad=-0.95 * (opposite - 0.05 * share), roll_rad=0.09 * side),
        )
        elbow = 0.18 + 0.25 * share + 0.35 * max(0.0, opposite)
        poses += [thigh, shank, foot, arm, arm @ pose((0.0, 0.0, -UPPER_ARM_M), rotation(pitch_rad=-elbow))]
    return np.stack(poses)


def _leg(angle: float, share: float) -> tuple[float, float, float]:
    """Flexion of hip and knee, and lift of the toes against the shank."""
    cycle = float(angle % (2.0 * np.pi))
    hip = share * (0.41 * float(np.cos(cycle)) + 0.06)
    stance = 0.22 * float(np.exp(-(((cycle - 0.75) / 0.5) ** 2)))
    swinging = 1.02 * float(np.exp(-(((cycle - 1.45 * np.pi) / 0.75) ** 2)))
    knee = 0.03 + share * (0.05 + stance + swinging)
    push = 0.45 * float(np.exp(-(((cycle - 1.18 * np.pi) / 0.45) ** 2)))
    flat = (hip - knee) * float(np.exp(-(((cycle - 1.35) / 1.0) ** 2)))  # the sole lies on the ground in stance
    strike = 0.22 * float(np.exp(-(min(cycle, 2.0 * np.pi - cycle) / 0.5) ** 2))
    return hip, knee, share * (strike - push) - flat


@cache
def sitting_poses() -> Poses:
    """Return the poses of somebody on a seat of 0.48 m, hands on the thighs."""
    hip = 0.56
    torso = pose((0.0, 0.0, hip), rotation(pitch_rad=-0.08))
    poses = [torso, torso @ pose((0.0, 0.0, NECK_OVER_HIP_M), rotation(pitch_rad=0.14))]
    for side in (1.0, -1.0):
        thigh = pose((0.0, HIP_HALF_M * side, hip), rotation(0.08 * side, -1.5))
        shank = thigh @ pose((0.0, 0.0, -THIGH_M), rotation(pitch_rad=1.45))
        foot = shank @ pose((0.0, 0.0, -SHANK_M))
        arm = torso @ pose((0.0, SHOULDER_HALF_M * side, SHOULDER_OVER_HIP_M), rotation(pitch_rad=-0.25))
        poses += [thigh, shank, foot, arm, arm @ pose((0.0, 0.0, -UPPER_ARM_M), rotation(pitch_rad=-0.85))]
    return np.stack(poses)


def riding_poses(crank_rad: float) -> Poses:
    """Return the poses of a cyclist relative to the bicycle, the crank turned by ``crank_rad``."""
    return _riding(round(crank_rad / (2.0 * np.pi) * PHASES) % PHASES)


@cache
def _riding(phase: int) -> Poses:
    lean, saddle = 0.55, -0.25
    hip = np.array([saddle, 0.0, SEAT_M + 0.06])
    torso = pose(hip, rotation(pitch_rad=lean))
    poses = [torso, torso @ pose((0.0, 0.0, NECK_OVER_HIP_M), rotation(pitch_rad=-0.8 * lean))]
    for side, turn in ((1.0, 0.0), (-1.0, np.pi)):
        angle = 2.0 * np.pi * phase / PHASES + turn
        pedal = np.array([PEDAL_AXIS_M[0] + CRANK_M * np.cos(angle), PEDAL_AXIS_M[1] - CRANK_M * np.sin(angle)])
        flexion, knee = _two_links(pedal + np.array([-0.04, ANKLE_M + 0.02]) - hip[[0, 2]])
        thigh = pose((saddle, HIP_HALF_M * side, hip[2]), rotation(pitch_rad=-flexion))
        shank = thigh @ pose((0.0, 0.0, -THIGH_M), rotation(pitch_rad=knee))
        foot = shank @ pose((0.0, 0.0, -SHANK_M), rotation(pitch_rad=flexion - knee + 0.1))
        arm = torso @ pose((0.0, SHOULDER_HALF_M * side, SHOULDER_OVER_HIP_M), rotation(pitch_rad=-lean - 0.75))
        poses += [thigh, shank, foot, arm, arm @ pose((0.0, 0.0, -UPPER_ARM_M), rotation(pitch_rad=-0.25))]
    return np.stack(poses)


def _two_links(reach: NDArray[np.float64]) -> tuple[float, float]:
    """Flexion of hip and knee that bring the ankle to ``reach`` (x, z) from the hip."""
    distance = float(np.clip(np.hypot(*reach), 0.2, THIGH_M + SHANK_M - 1e-3))
    at_knee = np.arccos((THIGH_M**2 + SHANK_M**2 - distance**2) / (2.0 * THIGH_M * SHANK_M))
    at_hip = np.arccos((THIGH_M**2 + distance**2 - SHANK_M**2) / (2.0 * THIGH_M * distance))
    towards = np.arctan2(reach[0], -reach[1])
    return float(towards + at_hip), float(np.pi - at_knee)

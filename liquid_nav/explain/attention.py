"""Where the policy looks, drawn over what it sees."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.perception.preprocess import resize
from liquid_nav.policy.runtime import Policy
from liquid_nav.types import VelocityCommand

GLOW = np.array([255.0, 190.0, 40.0])


def draw_attention(rgb: NDArray[np.uint8], attention: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the image (height, width, 3) with attention (rows, columns), which sums to one, as a warm glow."""
    height, width = rgb.shape[:2]
    peak = float(attention.max())
    heat = cv2.resize(attention / max(peak, 1e-9), (width, height), interpolation=cv2.INTER_LINEAR)
    weight = 0.65 * np.clip(np.asarray(heat), 0.0, 1.0)[..., None]
    grey = rgb.astype(np.float64) * (1.0 - 0.35 * (1.0 - weight))
    return np.asarray(np.clip(grey * (1.0 - weight) + weight * GLOW, 0.0, 255.0), dtype=np.uint8)


def look(
    policy: Policy, images: list[NDArray[np.uint8]], elapsed_s: float
) -> list[tuple[NDArray[np.uint8], VelocityCommand]]:
    """Let a policy look at a sequence; return each image with its attention drawn, and the command.

    Args:
        policy: that looks.
        images: uint8 (height, width, 3) each, ``elapsed_s`` apart.
        elapsed_s: seconds between two images.
    """
    state, seen = None, []
    for rgb in images:
        command, state = policy.step(rgb, elapsed_s, state)
        shown = resize(rgb, policy.config.image_width_px, policy.config.image_height_px)
        seen.append((draw_attention(shown, state.attention), command))
    return seen

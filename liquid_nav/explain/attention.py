"""Where the policy looks, drawn over what it sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.perception.preprocess import resize
from liquid_nav.policy.runtime import Policy, PolicyInFlight
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
    policy: Policy, images: Iterable[tuple[NDArray[np.uint8], float]]
) -> Iterator[tuple[NDArray[np.uint8], VelocityCommand]]:
    """Let a policy look at the images of one flight as they come; yield each with its attention drawn, and the command.

    Args:
        policy: that looks; what it yields has its image size.
        images: uint8 (height, width, 3) each, and when it was captured in seconds.

    Raises:
        PolicyError: when an image cannot be used.
    """
    flight, config = PolicyInFlight(policy), policy.config
    for rgb, stamp_s in images:
        command = flight.look(rgb, stamp_s)
        assert flight.state is not None
        shown = resize(rgb, config.image_width_px, config.image_height_px)
        yield draw_attention(shown, flight.state.attention), command

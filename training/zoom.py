"""Flights made from one still: a window slides and zooms over it until the target is in its middle, and stays there.

After the closed-loop augmentation of the reference system (Chahine et al., "Robust flight navigation out of
distribution with liquid neural networks", Science Robotics 2023). What is flown is the expert's own law in the open, so
that the two do not teach different answers to what looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.policy.config import PolicyConfig
from training.augment import is_whole
from training.cache import Cache
from training.expert import ExpertConfig

NEAREST_M, FARTHEST_M = 3.5, 9.0  # of stills: nearer there is little way to fly, farther the last windows are a blur
FREE_M = 1.0  # nothing stands in the middle of a still so far before the target, or farther
FIRST_ZOOM = (1.2, 1.8)
MARGIN = 0.04  # of the image: so far from its edges the target begins at least
MIDDLE = slice(5, 11)  # sectors
TRIED = 8  # stills, until one allows it
LAW = ExpertConfig()
FOV_RAD = PolicyConfig().horizontal_fov_rad


@dataclass(frozen=True)
class Approach:
    """What a window over a still shows, and what the expert flies there.

    Attributes:
        zooms: (steps,) pixels per pixel of the still.
        still_px: (2,) column and row of the target's middle in the still.
        places_px: (steps, 2) column and row where it appears.
        commands: (steps, 4) forward, left, up in m/s, yaw rate in rad/s.
        distances_m: (steps,) from which the target would look as large.
    """

    zooms: NDArray[np.float64]
    still_px: NDArray[np.float64]
    places_px: NDArray[np.float64]
    commands: NDArray[np.float32]
    distances_m: NDArray[np.float32]

    def show(
        self, step: int, image: NDArray[np.uint8], mask: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the image (height, width, 3) and the mask of a step, as large as the still's."""
        zoom, (height, width) = self.zooms[step], mask.shape
        right, down = self.places_px[step] - zoom * self.still_px
        move = np.array([[zoom, 0.0, right], [0.0, zoom, down]])
        shown = cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        there = cv2.warpAffine(mask.astype(np.uint8), move, (width, height), flags=cv2.INTER_NEAREST)
        return np.asarray(shown, dtype=np.uint8), there.astype(bool)


def stills(cache: Cache, steps: NDArray[np.int64], least_px: int) -> NDArray[np.int64]:
    """Return those of some steps of a cache that show a target of ``least_px`` or more with a free way to it."""
    distance_m = cache.distances_m[steps]
    near = (distance_m >= NEAREST_M) & (distance_m <= FARTHEST_M)
    free = cache.free_m[steps, MIDDLE].min(axis=1) > distance_m - FREE_M
    fit: NDArray[np.int64] = steps[near & free & cache.has_mask[steps] & (cache.target_pixels[steps] >= least_px)]
    return fit


def fly_over(
    rng: np.random.Generator, cache: Cache, candidates: NDArray[np.int64], stamps_s: NDArray[np.float64]
) -> Cache | None:
    """Return a flight over one of some stills, in a cache of its own; None when none of those tried allows it.

    Args:
        rng: of the still and the first window.
        cache: that holds the stills.
        candidates: see :func:`stills`.
        stamps_s: (steps,) of the flight's images.
    """
    for still in rng.choice(candidates, TRIED if len(candidates) else 0):
        image, mask = np.asarray(cache.images[still]), cache.mask(int(still))
        approach = draw_approach(rng, mask, float(cache.distances_m[still]), np.diff(stamps_s))
        if approach is not None:
            break
    else:
        return None
    count = len(stamps_s)
    images, masks = zip(*(approach.show(step, image, mask) for step in range(count)), strict=True)
    return Cache(
        images=np.stack(images),
        masks=np.packbits(np.stack(masks), axis=2),
        commands=approach.commands,
        labelled=np.ones(count, dtype=bool),
        has_mask=np.ones(count, dtype=bool),
        flown=approach.commands,
        distances_m=approach.distances_m,
        free_m=np.repeat(cache.free_m[[still]], count, axis=0),
        stamps_s=stamps_s,
        starts=np.array([0, count]),
        files=np.zeros(1, dtype=np.int64),
        weights=np.ones(1),
    )


def draw_approach(
    rng: np.random.Generator, mask: NDArray[np.bool_], distance_m: float, gaps_s: NDArray[np.float64]
) -> Approach | None:
    """Return a flight over a still from a place drawn at random; None when no window brings its target to the middle.

    Args:
        rng: of the first window.
        mask: (height, width) of the target in the still.
        distance_m: to it, there.
        gaps_s: (steps - 1,) between the images of the flight.
    """
    size_px, zoom = np.array(mask.shape[::-1], dtype=float), float(rng.uniform(*FIRST_ZOOM))
    if not is_whole(mask):
        return None
    rows, columns = np.nonzero(mask)
    still_px = np.array([columns.mean(), rows.mean()])
    low_px, high_px = 0.5 * size_px / zoom, size_px * (1.0 - 0.5 / zoom)  # middles of windows that lie in the still
    if (still_px < low_px).any() or (still_px > high_px).any():
        return None
    place_px = 0.5 * size_px - zoom * (rng.uniform(low_px, high_px) - still_px)
    place_px = np.clip(place_px, MARGIN * size_px, (1.0 - MARGIN) * size_px)
    focal_px = 0.5 * size_px[0] / np.tan(0.5 * FOV_RAD)
    right, down = (place_px - 0.5 * size_px) / focal_px
    first_m = distance_m / zoom
    states = _fly(-float(np.arctan(right)), -float(down) * first_m, first_m, gaps_s)
    bearings_rad, above_m, away_m, *_ = states.T
    across = np.column_stack([np.tan(bearings_rad), above_m / away_m])
    return Approach(
        zooms=distance_m / away_m,
        still_px=still_px,
        places_px=0.5 * size_px - focal_px * across,
        commands=states[:, 3:].astype(np.float32),
        distances_m=away_m.astype(np.float32),
    )


def _fly(
    bearing_rad: float, above_m: float, away_m: float, gaps_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (steps, 7): bearing to the left, height over the vehicle and distance of the target, and the command."""
    states = []
    for gap_s in (*gaps_s, 0.0):
        speed, up, turn = LAW.speed_m_s(away_m, above_m), LAW.up_m_s(above_m), LAW.yaw_rate_rad_s(bearing_rad)
        forward, left = speed * np.cos(bearing_rad), speed * np.sin(bearing_rad)
        states.append((bearing_rad, above_m, away_m, forward, left, up, turn))
        bearing_rad, above_m, away_m = bearing_rad - turn * gap_s, above_m - up * gap_s, away_m - speed * gap_s
    return np.array(states)

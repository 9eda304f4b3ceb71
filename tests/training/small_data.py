"""Made-up decoded episodes: a red block that wanders over noise, and a command that follows it."""

from __future__ import annotations

import numpy as np

from training.cache import HEIGHT, SECTORS, WIDTH, Cache


def small_cache(episodes: int = 4, steps: int = 12) -> Cache:
    """Return ``episodes`` flights of ``steps`` images."""
    rng = np.random.default_rng(3)
    count = episodes * steps
    images = rng.integers(0, 120, (count, HEIGHT, WIDTH, 3)).astype(np.uint8)
    masks = np.zeros((count, HEIGHT, WIDTH), dtype=bool)
    bearing = rng.uniform(-1.0, 1.0, count).astype(np.float32)
    for step, side in enumerate(bearing):
        column = int((0.5 + 0.4 * side) * (WIDTH - 24))
        masks[step, 60:90, column : column + 24] = True
        images[step][masks[step]] = (200, 20, 20)
    zeros = np.zeros(count, dtype=np.float32)
    commands = np.stack([zeros + 1.0, zeros, zeros, -bearing], axis=1)
    return Cache(
        images=images,
        masks=np.packbits(masks, axis=2),
        commands=commands,
        labelled=np.ones(count, dtype=bool),
        has_mask=np.ones(count, dtype=bool),
        flown=commands,
        distances_m=rng.uniform(2.0, 15.0, count).astype(np.float32),
        free_m=rng.uniform(0.5, 8.0, (count, SECTORS)).astype(np.float32),
        stamps_s=np.tile(np.arange(steps) * 0.05, episodes),
        starts=np.arange(0, count + 1, steps, dtype=np.int64),
        files=np.arange(episodes),
        weights=np.ones(episodes),
    )

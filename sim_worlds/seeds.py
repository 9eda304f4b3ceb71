"""Seeds of training, validation and test worlds: three ranges that never meet."""

from __future__ import annotations

import numpy as np

from liquid_nav.errors import WorldError

SPLITS: dict[str, range] = {
    "train": range(1_000_000),
    "validation": range(1_000_000, 2_000_000),
    "test": range(2_000_000, 3_000_000),
}


def split_seeds(split: str, count: int, base_seed: int = 0) -> list[int]:
    """Return ``count`` different seeds of a split, derived from ``base_seed`` alone.

    Raises:
        WorldError: for an unknown split or a count that does not fit into it.
    """
    if split not in SPLITS:
        raise WorldError(f"split is {split!r}: use one of {', '.join(SPLITS)}")
    allowed = SPLITS[split]
    if not 1 <= count <= len(allowed) // 10:
        raise WorldError(f"{count} seeds are wanted: use 1 to {len(allowed) // 10}")
    if base_seed < 0:
        raise WorldError(f"base_seed is {base_seed}: use 0 or more")
    rng = np.random.default_rng([base_seed, allowed.start])
    return [allowed.start + int(value) for value in rng.choice(len(allowed), size=count, replace=False)]


def split_of(seed: int) -> str:
    """Return the split that a seed belongs to; seeds of nobody are ``"none"``."""
    return next((name for name, allowed in SPLITS.items() if seed in allowed), "none")

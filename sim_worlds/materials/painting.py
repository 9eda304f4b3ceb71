"""What materials are painted with: tileable noise and blends. Colours are display-referred RGBA in 0..1.

Noise is white noise shaped in the frequency domain, so that every texture repeats without a seam.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 128
Texture = NDArray[np.float32]
Painter = Callable[[np.random.Generator], Texture]


def noise(rng: np.random.Generator, scale_px: float, stretch: tuple[float, float] = (1.0, 1.0)) -> Texture:
    """Tileable smooth noise (128, 128) in 0..1; features about ``scale_px`` wide, stretched (x, y)."""
    white = np.fft.fft2(rng.standard_normal((SIZE_PX, SIZE_PX)))
    ky = np.fft.fftfreq(SIZE_PX)[:, None] * stretch[1]
    kx = np.fft.fftfreq(SIZE_PX)[None, :] * stretch[0]
    falloff = np.exp(-0.5 * (np.hypot(kx, ky) * scale_px * 2.0) ** 2)
    picture = np.fft.ifft2(white * falloff).real
    picture = (picture - picture.mean()) / (picture.std() + 1e-9)
    return np.asarray(np.clip(0.5 + 0.22 * picture, 0.0, 1.0), dtype=np.float32)


def colour_blend(values: Texture, low: tuple[float, float, float], high: tuple[float, float, float]) -> Texture:
    """Blend two colours by ``values`` (128, 128); returns opaque RGBA (128, 128, 4)."""
    blend = values[..., None]
    rgb = np.array(low, dtype=np.float32) * (1.0 - blend) + np.array(high, dtype=np.float32) * blend
    return np.concatenate([rgb, np.ones_like(blend)], axis=2).astype(np.float32)


def canvas() -> Texture:
    """Return a transparent picture (128, 128, 4)."""
    return np.zeros((SIZE_PX, SIZE_PX, 4), dtype=np.float32)

"""From a camera frame to what the encoder sees: the one preprocessing of training and flight."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from liquid_nav.errors import PolicyError

NOISE_FROM, NOISE_LEFT = 12.0, 5.0  # grey values


def check_rgb(rgb: NDArray[np.uint8]) -> None:
    """Raise :class:`PolicyError` unless ``rgb`` is a uint8 image (height, width, 3)."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise PolicyError(
            f"the policy needs a uint8 RGB image (height, width, 3), got {rgb.dtype} {rgb.shape}: "
            "convert the frame to rgb8 before step()"
        )


def resize(rgb: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Scale an image to the policy's size, cropping centrally to its aspect ratio first.

    Cropping keeps angles right: a square camera is not squeezed into a wide frame.
    """
    height, width = rgb.shape[:2]
    if (width, height) == (width_px, height_px):
        return rgb
    scale = min(width / width_px, height / height_px)
    crop_width, crop_height = round(width_px * scale), round(height_px * scale)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    cropped = rgb[top : top + crop_height, left : left + crop_width]
    interpolation = cv2.INTER_AREA if scale > 1.0 else cv2.INTER_LINEAR
    while scale >= 2.0 and crop_width % 2 == crop_height % 2 == 0:
        # Halving is exact, and costs a fraction of means over parts of pixels.
        crop_width, crop_height, scale = crop_width // 2, crop_height // 2, scale / 2.0
        halved = cv2.resize(cropped, (crop_width, crop_height), interpolation=cv2.INTER_AREA)
        cropped = np.asarray(halved, dtype=np.uint8)
        interpolation = cv2.INTER_LINEAR if scale < 2.0 else cv2.INTER_AREA
    return np.asarray(cv2.resize(cropped, (width_px, height_px), interpolation=interpolation), dtype=np.uint8)


def noise_of(rgb: NDArray[np.uint8]) -> float:
    """Return the standard deviation of an image's noise, in grey values.

    It is read off the finest diagonal differences (height / 2, width / 2) of the green channel, in which hardly
    anything but noise is left (Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 1994).
    """
    height, width = (size // 2 * 2 for size in rgb.shape[:2])
    if not height or not width:
        return 0.0
    green = rgb[:height, :width, 1].astype(np.int16)
    rows = green[::2] - green[1::2]
    return float(np.median(np.abs(rows[:, ::2] - rows[:, 1::2]))) / (2.0 * 0.6745)


def denoise(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Smooth an image that is noisy, in training as in flight, and leave all others alone.

    The Gaussian is as wide as it takes to bring white noise down to ``NOISE_LEFT``.
    """
    noise = noise_of(rgb)
    if noise < NOISE_FROM:
        return rgb
    width_px = noise / (2.0 * math.sqrt(math.pi) * NOISE_LEFT)
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), width_px), dtype=np.uint8)


def prepare(rgb: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Bring a camera's image to the size that the policy sees, and to noise that it knows."""
    return denoise(resize(rgb, width_px, height_px))


def to_tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    """Turn uint8 images (..., height, width, 3) into float32 (..., 3, height, width) in -1..1."""
    return normalise(torch.from_numpy(np.ascontiguousarray(images)).movedim(-1, -3))


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Turn uint8 images of any shape into float32 in -1..1, in the same order in memory."""
    return images.to(torch.float32).mul_(1.0 / 127.5).sub_(1.0)

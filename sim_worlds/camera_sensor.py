"""The sensor: light, exposure, colour, noise and compression of an image that the lens has formed.

Images hold square roots of the light, so one stop is a factor of the square root of two in grey values.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sim_worlds.camera_settings import CameraConfig

AIMED_MEAN = 115.0  # grey value that the automatic exposure brings the image to
MOST_STOPS = 2.0
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])
RED, BLUE = 0, 2
STAMPS_PER_S = 1_000_000
QUANTILES = 65_536

Rgb = NDArray[np.uint8]


class SlowDrift:
    """Gauss-Markov processes of unit variance that start anywhere in their range.

    Args:
        count: how many.
        time_s: correlation time.
        random: where their steps come from.
    """

    def __init__(self, count: int, time_s: float, random: np.random.Generator) -> None:
        self._time_s = time_s
        self._random = random
        self.values = random.standard_normal(count)

    def advance(self, duration_s: float) -> None:
        """Move on by a duration of 0 or more seconds; exact for any length."""
        kept = math.exp(-duration_s / self._time_s)
        fresh = self._random.standard_normal(len(self.values))
        self.values = kept * self.values + math.sqrt(1.0 - kept * kept) * fresh


class Sensor:
    """Turns light into an image; its state follows the stamps that it is given.

    Args:
        config: of the camera.
        seed: of drift and noise. Noise depends on the stamp alone: the same moment gives the same noise.
    """

    def __init__(self, config: CameraConfig, seed: int) -> None:
        self._config = config
        self._seed = seed
        self._drift = SlowDrift(3, config.drift_time_s, np.random.default_rng([seed, 1]))
        self._last_stamp_s: float | None = None
        self._auto_stops = 0.0
        self._drifts = config.exposure_drift_stops > 0.0 or config.white_balance_drift > 0.0
        self._exposes = self._drifts or config.auto_exposure_lag_s > 0.0
        self._shading = _shading(config) if config.vignetting > 0.0 else None
        self._noisy = config.read_noise > 0.0 or config.shot_noise > 0.0
        light = np.arange(256) / 255.0
        self._noise_by_grey = np.sqrt(config.read_noise**2 + config.shot_noise**2 * light).astype(np.float32)
        self._colours = saturation_matrix(config.saturation)
        self._graded = config.brightness != 0.0 or config.contrast != 1.0
        saturated = config.saturation != 1.0
        self.is_ideal = not (
            self._exposes or self._noisy or self._graded or saturated or config.vignetting or config.jpeg_quality
        )
        self._saturated = saturated

    def develop(self, rgb: Rgb, stamp_s: float) -> Rgb:
        """Return the image (height, width, 3) taken at a stamp. The state moves on only when the stamp does."""
        if self.is_ideal:
            return rgb
        if self._shading is not None:
            rgb = _rgb(cv2.multiply(rgb, self._shading, scale=1.0 / 255.0))
        if self._exposes:
            rgb = _rgb(cv2.LUT(rgb, self._exposure_table(rgb, stamp_s)))
        if self._noisy:
            rgb = self._with_noise(rgb, stamp_s)
        if self._graded:
            rgb = _rgb(cv2.LUT(rgb, self._grading_table(rgb)))
        if self._saturated:
            rgb = _rgb(cv2.transform(rgb, self._colours))
        if self._config.jpeg_quality is not None:
            rgb = _compressed(rgb, self._config.jpeg_quality)
        return rgb

    def _exposure_table(self, rgb: Rgb, stamp_s: float) -> NDArray[np.uint8]:
        """Return (1, 256, 3): grey value after exposure and white balance for each before."""
        config = self._config
        passed = 0.0 if self._last_stamp_s is None else max(0.0, stamp_s - self._last_stamp_s)
        if self._drifts and passed > 0.0:
            self._drift.advance(passed)
        if config.auto_exposure_lag_s > 0.0 and (passed > 0.0 or self._last_stamp_s is None):
            mean = max(1.0, float(np.mean(cv2.mean(rgb)[:3])))
            wanted = float(np.clip(2.0 * math.log2(AIMED_MEAN / mean), -MOST_STOPS, MOST_STOPS))
            share = 1.0 if self._last_stamp_s is None else 1.0 - math.exp(-passed / config.auto_exposure_lag_s)
            self._auto_stops += share * (wanted - self._auto_stops)
        self._last_stamp_s = stamp_s if self._last_stamp_s is None else max(stamp_s, self._last_stamp_s)
        stops = self._auto_stops + config.exposure_drift_stops * self._drift.values[0]
        gains = np.full(3, 2.0 ** (0.5 * stops))
        gains[[RED, BLUE]] *= np.exp(config.white_balance_drift * self._drift.values[1:])
        table = np.arange(256.0)[:, None] * gains
        return np.asarray(np.clip(table + 0.5, 0.0, 255.0).astype(np.uint8)[None])

    def _with_noise(self, rgb: Rgb, stamp_s: float) -> Rgb:
        random = np.random.default_rng([self._seed, 2, max(0, round(stamp_s * STAMPS_PER_S))])
        noise = normal_quantiles()[random.integers(0, QUANTILES, rgb.shape, dtype=np.uint16)]
        if self._config.shot_noise > 0.0:
            noise *= cv2.LUT(rgb, self._noise_by_grey)
        else:
            noise *= np.float32(self._config.read_noise)
        return _rgb(cv2.add(rgb, noise, dtype=cv2.CV_8U))

    def _grading_table(self, rgb: Rgb) -> NDArray[np.uint8]:
        mean = float(GREY_WEIGHTS @ np.array(cv2.mean(rgb)[:3]))
        table = (np.arange(256.0) - mean) * self._config.contrast + mean + 255.0 * self._config.brightness
        return np.clip(table + 0.5, 0.0, 255.0).astype(np.uint8)


@functools.cache
def normal_quantiles() -> NDArray[np.float32]:
    """Return float32 (65536,): one of them drawn evenly is normal, in half the time of drawing a normal number."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse((index + 0.5) / QUANTILES) for index in range(QUANTILES)], dtype=np.float32)


def _shading(config: CameraConfig) -> NDArray[np.uint8]:
    """Return uint8 (height, width, 3), 255 where no light is lost; the loss grows with the square of the radius."""
    x = np.linspace(-1.0, 1.0, config.width_px) * config.width_px
    y = np.linspace(-1.0, 1.0, config.height_px) * config.height_px
    square = (x[None, :] ** 2 + y[:, None] ** 2) / (config.width_px**2 + config.height_px**2)
    kept = np.sqrt(1.0 - config.vignetting * square)  # grey values are square roots of light
    return np.repeat((255.0 * kept + 0.5).astype(np.uint8)[..., None], 3, axis=2)


def saturation_matrix(saturation: float) -> NDArray[np.float64]:
    return saturation * np.eye(3) + (1.0 - saturation) * np.tile(GREY_WEIGHTS, (3, 1))


def _compressed(rgb: Rgb, quality: int) -> Rgb:
    """Return the image after a JPEG encoder and decoder; OpenCV's are made for blue first."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was just encoded
    return _rgb(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))


def _rgb(image: Any) -> Rgb:
    """OpenCV's answers carry no element type."""
    return np.asarray(image, dtype=np.uint8)

"""Images of any camera driver as RGB."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import EpisodeError

# Encoding: bytes per pixel and OpenCV's conversion to RGB, None for none.
ENCODINGS: dict[str, tuple[int, int | None]] = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "8UC3": (3, cv2.COLOR_BGR2RGB),
    "rgba8": (4, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
    "8UC1": (1, cv2.COLOR_GRAY2RGB),
    "bayer_rggb8": (1, cv2.COLOR_BayerRGGB2RGB),
    "bayer_bggr8": (1, cv2.COLOR_BayerBGGR2RGB),
    "bayer_gbrg8": (1, cv2.COLOR_BayerGBRG2RGB),
    "bayer_grbg8": (1, cv2.COLOR_BayerGRBG2RGB),
    "uyvy": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuyv": (2, cv2.COLOR_YUV2RGB_YUYV),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2RGB_YUYV),
}


def rgb_of(message: Any) -> NDArray[np.uint8]:
    """Return a sensor_msgs Image or CompressedImage as RGB (height, width, 3).

    Raises:
        EpisodeError: for an encoding that is not known, or data that do not fill the image.
    """
    if not hasattr(message, "encoding"):
        return _decompressed(message)
    if message.encoding not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        raise EpisodeError(f"image encoding is {message.encoding!r}: convert it to one of {known}")
    size, conversion = ENCODINGS[message.encoding]
    data = np.frombuffer(message.data, dtype=np.uint8)
    if data.size != message.height * message.step or message.step < message.width * size:
        raise EpisodeError(f"{data.size} bytes do not fill {message.width}x{message.height} {message.encoding}")
    rows = data.reshape(message.height, message.step)[:, : message.width * size]
    picture = np.ascontiguousarray(rows.reshape(message.height, message.width, size))
    if size == 1:
        picture = picture[..., 0]
    return picture if conversion is None else np.asarray(cv2.cvtColor(picture, conversion), dtype=np.uint8)


def _decompressed(message: Any) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(message.data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise EpisodeError(f"an image of format {message.format!r} cannot be decoded: record jpeg or png")
    return np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)

"""Contact sheets: labelled pictures side by side, to look at."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sim_worlds.camera import CAMERAS, Camera, CameraConfig
from sim_worlds.render.palette import paint_categories
from sim_worlds.scene import DynamicInstance, Renderer
from sim_worlds.world import World

COLUMNS = 4
LABEL_PX = 18
CUT_PX, MAGNIFIED = (32, 18), 4
FRAME = (255, 255, 255)
GAP_PX = 4
TURNING_FLU_RAD_S = np.array([0.4, 0.3, 1.5])  # a brisk turn to the left, for blur and rolling rows
LOOKED_AT_S = 2.0  # where drifts have wandered to
SHEET_SEED = 4
IMPERFECTIONS: dict[str, CameraConfig] = {
    "clean": CAMERAS["clean"],
    "lens, k1 -0.25": CameraConfig(k1=-0.25, k2=0.04),
    "wide": CAMERAS["wide"],
    "vignetting 0.7": CameraConfig(vignetting=0.7),
    "exposure drift, 1.5 stops": CameraConfig(exposure_drift_stops=1.5),
    "white-balance drift 0.25": CameraConfig(white_balance_drift=0.25),
    "blur, 40 ms at 1.5 rad/s": CAMERAS["blurred"],
    "rolling, 100 ms at 1.5 rad/s": CameraConfig(readout_s=0.1),
    "read noise 15": CAMERAS["noise-15"],
    "read noise 30": CAMERAS["noise-30"],
    "read noise 60": CAMERAS["noise-60"],
    "shot noise 30": CameraConfig(shot_noise=30.0),
    "JPEG quality 20": CAMERAS["compressed"],
    "JPEG quality 5": CameraConfig(jpeg_quality=5),
    "brightness +0.4": CAMERAS["brighter-40"],
    "brightness -0.4": CAMERAS["darker-40"],
    "contrast 2.25": CAMERAS["contrast-2.25"],
    "contrast 0.75": CAMERAS["contrast-0.75"],
    "saturation 3.25": CAMERAS["saturation-3.25"],
    "saturation 0.5": CAMERAS["saturation-0.5"],
    "webcam": CAMERAS["webcam"],
    "cheap-drone": CAMERAS["cheap-drone"],
    "cheap-drone, turning": CAMERAS["cheap-drone"],
    "categories, lens": CameraConfig(k1=-0.25, k2=0.04),
}
TURNING = ("blur", "rolling", "cheap-drone, turning")


def labelled(rgb: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """Return the image with a line of text above it."""
    line = np.full((LABEL_PX, rgb.shape[1], 3), 255, np.uint8)
    cv2.putText(line, text, (3, LABEL_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([line, rgb])


def magnified(rgb: NDArray[np.uint8], pixel: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the image with what is around a pixel (column, row) enlarged in its upper right corner, both framed."""
    height, width = rgb.shape[:2]
    left = round(min(max(pixel[0] - CUT_PX[0] / 2, 0), width - CUT_PX[0]))
    top = round(min(max(pixel[1] - CUT_PX[1] / 2, 0), height - CUT_PX[1]))
    cut = rgb[top : top + CUT_PX[1], left : left + CUT_PX[0]]
    large = np.repeat(np.repeat(cut, MAGNIFIED, axis=0), MAGNIFIED, axis=1)
    result = rgb.copy()
    cv2.rectangle(result, (left, top), (left + CUT_PX[0], top + CUT_PX[1]), FRAME, 1)
    result[: large.shape[0], -large.shape[1] :] = large
    cv2.rectangle(result, (width - large.shape[1], 0), (width - 1, large.shape[0]), FRAME, 1)
    return result


def contact_sheet(tiles: list[NDArray[np.uint8]], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Return tiles of one size row by row, with white gaps between them."""
    padded = [np.pad(tile, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255) for tile in tiles]
    padded += [np.full_like(padded[0], 255)] * (-len(padded) % columns)
    return np.vstack([np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)])


def camera_sheet(world: World, renderer: Renderer) -> NDArray[np.uint8]:
    """Return what a world's camera sees now under each imperfection.

    Args:
        world: with the vehicle where the pictures are to be taken.
        renderer: that has the world's scene loaded.
    """
    return contact_sheet([labelled(_taken(world, renderer, name), name) for name in IMPERFECTIONS])


def _taken(world: World, renderer: Renderer, name: str) -> NDArray[np.uint8]:
    width, height = world.render_size
    camera = Camera(replace(IMPERFECTIONS[name], width_px=width, height_px=height), SHEET_SEED)
    seen = world.camera_view()
    body_to_world = np.column_stack([seen.forward, np.cross(seen.up, seen.forward), seen.up])
    view = camera.view(seen.position_enu_m, body_to_world, np.zeros(3), world.time_s)
    moving: list[DynamicInstance] = world.dynamic_instances()
    turning = TURNING_FLU_RAD_S if name.startswith(TURNING) else np.zeros(3)
    drawn = renderer.render(view, moving)
    camera.develop(drawn, 0.0, turning)
    image = camera.develop(drawn, LOOKED_AT_S, turning)
    return paint_categories(image.categories) if name.startswith("categories") else image.rgb

"""A map of a world with the ways of vehicle and target, for films and reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from liquid_nav.types import Odometry
from sim_worlds.scene import Collider, Scene
from training.pictures import save_picture

LAND, SOLID, TREE = (226, 228, 222), (176, 178, 182), (150, 178, 140)
VEHICLE, TARGET = (40, 90, 210), (205, 40, 40)
MARGIN_M = 6.0
COLOURS = {"house": SOLID, "car": (150, 160, 178), "trunk": TREE, "tree": TREE}

Points = Sequence[NDArray[np.float64]]


class MapView:
    """Draws a flight on a map that shows all of it.

    Args:
        scene: its solids are drawn.
        vehicle, target: positions (3,) of the whole flight.
        size: (width, height) in pixels.
    """

    def __init__(self, scene: Scene, vehicle: Points, target: Points, size: tuple[int, int]) -> None:
        self._size = size
        points = np.array([*vehicle, *target])[:, :2] if len(vehicle) + len(target) else np.zeros((1, 2))
        low, high = points.min(axis=0) - MARGIN_M, points.max(axis=0) + MARGIN_M
        self._middle = 0.5 * (low + high)
        self._scale = float(min(size[0] / (high[0] - low[0]), size[1] / (high[1] - low[1]), 24.0))
        self._vehicle = np.array(vehicle).reshape(-1, 3)
        self._target = np.array(target).reshape(-1, 3)
        self._ground = self._draw_ground(scene)

    def draw(
        self, state: Odometry, target_enu_m: NDArray[np.float64], stamp_s: float, stamps_s: Sequence[float]
    ) -> NDArray[np.uint8]:
        """Return the map at a moment: the ways so far, vehicle and target now."""
        picture = self._ground.copy()
        share = bisect_right(stamps_s, stamp_s + 1e-3) / max(1, len(stamps_s))
        self._way(picture, self._target[: max(2, round(share * len(self._target)))], TARGET)
        self._way(picture, self._vehicle[: max(2, round(share * len(self._vehicle)))], VEHICLE)
        x, y = self._pixel(target_enu_m)
        cv2.circle(picture, (x, y), 6, TARGET, -1, cv2.LINE_AA)
        x, y = self._pixel(state.position_enu_m)
        for side in (-0.698, 0.698):
            angle = state.yaw_rad + side
            end = (round(x + 55 * np.cos(angle)), round(y - 55 * np.sin(angle)))
            cv2.line(picture, (x, y), end, (150, 170, 215), 1, cv2.LINE_AA)
        cv2.circle(picture, (x, y), 6, VEHICLE, -1, cv2.LINE_AA)
        self._ruler(picture)
        return picture

    def whole(self) -> NDArray[np.uint8]:
        """Return the map of the whole flight."""
        picture = self._ground.copy()
        self._way(picture, self._target, TARGET)
        self._way(picture, self._vehicle, VEHICLE)
        for way, colour, name in ((self._target, TARGET, "backpack"), (self._vehicle, VEHICLE, "vehicle")):
            if len(way):
                x, y = self._pixel(way[0])
                cv2.circle(picture, (x, y), 7, colour, 2, cv2.LINE_AA)
                x, y = self._pixel(way[-1])
                cv2.circle(picture, (x, y), 7, colour, -1, cv2.LINE_AA)
                cv2.putText(picture, name, (x + 10, y - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1, cv2.LINE_AA)
        self._ruler(picture)
        return picture

    def _draw_ground(self, scene: Scene) -> NDArray[np.uint8]:
        picture = np.full((self._size[1], self._size[0], 3), LAND, dtype=np.uint8)
        for collider in scene.colliders:
            self._solid(picture, collider)
        return picture

    def _solid(self, picture: NDArray[np.uint8], collider: Collider) -> None:
        word = collider.label.split()[-1]
        colour = COLOURS.get(word, (120, 122, 126))
        x, y, _ = collider.centre_enu_m
        sx, sy, _ = collider.size_m
        if collider.shape == "box":
            cos, sin = np.cos(collider.yaw_rad), np.sin(collider.yaw_rad)
            corners = [(x + a * sx * cos - b * sy * sin, y + a * sx * sin + b * sy * cos) for a, b in _SIGNS]
            pixels = np.array([self._pixel(np.array(corner)) for corner in corners], dtype=np.int32)
            cv2.fillPoly(picture, [pixels], colour, cv2.LINE_AA)
        else:
            radius = max(2, round(sx * self._scale))
            cv2.circle(picture, self._pixel(np.array([x, y])), radius, colour, -1, cv2.LINE_AA)

    def _way(self, picture: NDArray[np.uint8], way: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
        if len(way) > 1:
            pixels = np.array([self._pixel(point) for point in way[:: max(1, len(way) // 600)]], dtype=np.int32)
            cv2.polylines(picture, [pixels], False, colour, 2, cv2.LINE_AA)

    def _ruler(self, picture: NDArray[np.uint8]) -> None:
        metres = 5 if self._scale > 8.0 else 20
        height = picture.shape[0]
        end = (16 + round(metres * self._scale), height - 16)
        cv2.line(picture, (16, height - 16), end, (60, 60, 60), 2)
        at = (16, height - 24)
        cv2.putText(picture, f"{metres} m", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60), 1, cv2.LINE_AA)

    def _pixel(self, point: NDArray[np.float64]) -> tuple[int, int]:
        x = 0.5 * self._size[0] + (point[0] - self._middle[0]) * self._scale
        y = 0.5 * self._size[1] - (point[1] - self._middle[1]) * self._scale
        return round(float(np.clip(x, -4000, 4000))), round(float(np.clip(y, -4000, 4000)))


_SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def save_path_picture(scene: Scene, vehicle: Points, target: Points, path: Path) -> None:
    """Write the map of a whole flight as PNG.

    Raises:
        ConfigError: when the file cannot be written.
    """
    save_picture(MapView(scene, vehicle, target, (1000, 800)).whole(), path)

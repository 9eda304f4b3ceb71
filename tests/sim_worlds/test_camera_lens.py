"""What the lens shows lies where it says, and bends colours, categories and depths alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.camera import CAMERAS, Camera, CameraConfig
from sim_worlds.camera_lens import distort, undistort
from sim_worlds.mesh_tools import box, pose, quad
from sim_worlds.scene import (
    Atmosphere,
    DynamicInstance,
    Instance,
    RenderedImage,
    Renderer,
    Scene,
)

BARREL = CameraConfig(k1=-0.2, k2=0.03, p1=0.002, p2=-0.003)
PINCUSHION = CameraConfig(k1=0.15)
WIDE = CAMERAS["wide"]
STILL = np.zeros(3)
EYE_M = np.array([0.0, 0.0, 20.0])
DEPTH_M = 6.0
BOX_M = 0.8


@pytest.fixture
def boxes(renderer: Renderer) -> Renderer:
    """A renderer with an empty plain and a box to place."""
    meshes = {
        "ground": quad([(-90, -90, 0), (90, -90, 0), (90, 90, 0), (-90, 90, 0)], material="asphalt"),
        "box": box((BOX_M, BOX_M, BOX_M), material="roof"),
    }
    ground = Instance("ground", (0.0, 0.0, 0.0), category="ground")
    renderer.load(Scene("plain", 0, 90.0, 60.0, meshes, (ground,), (), Atmosphere()))
    return renderer


def _picture(drawing: Renderer, camera: Camera, place_flu_m: np.ndarray, turning: np.ndarray = STILL) -> RenderedImage:
    """Take a picture from 20 m above the ground, looking east, of a box at a place relative to the eye."""
    view = camera.view(EYE_M, np.eye(3), STILL, 0.0)
    thing = DynamicInstance("box", pose(EYE_M + place_flu_m, np.eye(3)), category="target")
    return camera.develop(drawing.render(view, [thing], depth=True), 0.0, turning)


def _centre(mask: np.ndarray) -> np.ndarray:
    """(column, row) of a mask's centroid from the image's upper left edge."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


@pytest.mark.parametrize("config", [CameraConfig(), BARREL, PINCUSHION, WIDE], ids=["none", "barrel", "pin", "wide"])
@pytest.mark.parametrize("place", [(6.0, 0.0, 0.0), (6.0, 3.4, 1.8), (6.0, -3.4, -1.8), (6.0, 3.4, -1.8)])
def test_points_fall_where_the_image_shows_them(
    boxes: Renderer, config: CameraConfig, place: tuple[float, float, float]
) -> None:
    camera = Camera(config)
    place_flu_m = np.array(place)
    image = _picture(boxes, camera, place_flu_m)
    view = camera.view(EYE_M, np.eye(3), STILL, 0.0)
    signs = [(-1, -1, -1), (-1, -1, 1), (-1, 1, -1), (-1, 1, 1)]  # corners of the near face
    corners = place_flu_m + 0.5 * BOX_M * np.array(signs)
    pixels = [camera.project(view, EYE_M + corner) for corner in corners]
    face = cv2.fillConvexPoly(
        np.zeros(image.categories.shape, np.uint8),
        cv2.convexHull((np.array(pixels, dtype=np.float32) - 0.5).round().astype(np.int32)),
        1,
    )
    assert image.target_mask[face == 1].mean() > 0.85, "the near face lies where it is projected"
    middle = np.array(camera.project(view, EYE_M + place_flu_m))
    assert np.abs(_centre(image.target_mask) - middle).max() < 3.0  # the sides of the box count in the mask too


def test_projection_agrees_with_opencv(boxes: Renderer) -> None:
    camera = Camera(BARREL)
    view = camera.view(EYE_M, np.eye(3), STILL, 0.0)
    for place in ((5.0, 1.0, 0.5), (5.0, -3.0, 1.5), (9.0, 5.0, -2.5)):
        ahead, left, up = place
        point = np.array([[-left, -up, ahead]])  # OpenCV: x right, y down, z ahead
        expected, _ = cv2.projectPoints(point, STILL, STILL, BARREL.camera_matrix, BARREL.distortion)
        pixel = camera.project(view, EYE_M + np.array(place))
        assert np.array(pixel) - 0.5 == pytest.approx(expected.ravel(), abs=1e-6)


def test_the_camera_matrix_spans_the_field_of_view() -> None:
    config = CameraConfig(width_px=320, height_px=240, horizontal_fov_rad=1.2)
    edge = np.tan(0.6) * config.camera_matrix[0, 0] + config.camera_matrix[0, 2]
    assert edge == pytest.approx(319.5)  # half a pixel beyond the centre of the last one


@pytest.mark.parametrize("config", [BARREL, WIDE], ids=["barrel", "wide"])
def test_categories_and_depths_show_the_same_things_through_the_lens(boxes: Renderer, config: CameraConfig) -> None:
    image = _picture(boxes, Camera(config), np.array([DEPTH_M, 2.5, 1.2]))
    assert image.depth_m is not None
    inside = cv2.erode(image.target_mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inside.sum() > 20
    nearest = DEPTH_M - 0.5 * BOX_M
    assert ((image.depth_m[inside] > nearest - 0.05) & (image.depth_m[inside] < nearest + BOX_M + 0.05)).all()
    outside = cv2.dilate(image.target_mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert (image.depth_m[outside] > nearest + BOX_M).all()
    assert set(np.unique(image.categories)) <= {0, 1, 10}, "no category between two others is made up"
    assert np.isinf(image.depth_m[image.categories == 0]).all()


def test_undistorting_undoes_distorting() -> None:
    x, y = np.meshgrid(np.linspace(-0.7, 0.7, 9), np.linspace(-0.4, 0.4, 7))
    free = undistort(BARREL, x, y)
    again = distort(BARREL, *free)
    assert np.abs(again[0] - x).max() < 1e-8 and np.abs(again[1] - y).max() < 1e-8


def test_a_lens_that_folds_the_image_over_is_refused() -> None:
    with pytest.raises(WorldError, match="folds the image over"):
        Camera(CameraConfig(k1=-0.9))


def test_turning_left_moves_what_rolling_rows_see_to_the_right_as_they_go_down(boxes: Renderer) -> None:
    camera = Camera(CameraConfig(readout_s=0.05))
    turning = np.array([0.0, 0.0, 1.5])
    shift_px = 1.5 * 0.05 * CameraConfig().focal_px
    high = _picture(boxes, camera, np.array([6.0, 0.0, 2.5]), turning).target_mask
    low = _picture(boxes, camera, np.array([6.0, 0.0, -2.5]), turning).target_mask
    rows = (_centre(low)[1] - _centre(high)[1]) / 144
    assert _centre(low)[0] - _centre(high)[0] == pytest.approx(shift_px * rows, abs=0.8)


@pytest.mark.parametrize(("turning", "axis"), [((0.0, 0.0, 1.5), 1), ((0.0, 1.5, 0.0), 0)], ids=["left", "downwards"])
def test_turning_blurs_along_the_turn_and_leaves_the_middle_in_place(
    boxes: Renderer, turning: tuple[float, float, float], axis: int
) -> None:
    place = np.array([6.0, 0.0, 0.0])
    sharp = _picture(boxes, Camera(CameraConfig()), place).rgb.astype(float)
    blurred = _picture(boxes, Camera(CameraConfig(exposure_time_s=0.04)), place, np.array(turning)).rgb.astype(float)

    def roughness(image: np.ndarray, along: int) -> float:
        return float(np.abs(np.diff(image[32:112, 78:178], axis=along)).max())

    assert roughness(blurred, axis) < 0.5 * roughness(sharp, axis)
    assert roughness(blurred, 1 - axis) > 0.8 * roughness(sharp, 1 - axis)


def test_rows_and_blur_do_nothing_to_a_camera_that_does_not_turn(boxes: Renderer) -> None:
    place = np.array([6.0, 1.0, 1.0])
    sharp = _picture(boxes, Camera(CameraConfig()), place)
    poor = _picture(boxes, Camera(CameraConfig(exposure_time_s=0.03, readout_s=0.03)), place)
    assert np.abs(sharp.rgb.astype(int) - poor.rgb).mean() < 2.0
    assert (sharp.target_mask != poor.target_mask).sum() < 12

"""Distances and categories of a picture agree with what stands where, with either renderer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim_worlds.mesh_tools import box, quad
from sim_worlds.render import make_renderer
from sim_worlds.scene import (
    Atmosphere,
    CameraView,
    DynamicInstance,
    Instance,
    RenderedImage,
    Renderer,
    Scene,
    category_index,
)

EYE_M = 2.0
FOV_RAD = 1.2


@pytest.fixture(params=["auto", "tiny"])
def drawing(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    renderer = make_renderer(request.param)
    yield renderer
    renderer.close()


def _wall_scene() -> Scene:
    meshes = {
        "ground": quad([(-90, -90, 0), (90, -90, 0), (90, 90, 0), (-90, 90, 0)], material="asphalt"),
        "wall": box((0.4, 8.0, 6.0), material="roof", centre=(0.0, 0.0, 3.0)),
        "post": box((0.4, 0.4, 3.0), material="metal", centre=(0.0, 0.0, 1.5)),
    }
    instances = (
        Instance("ground", (0.0, 0.0, 0.0), category="ground"),
        Instance("wall", (12.2, 6.0, 0.0), category="building"),
    )
    return Scene("walls", 5, 40.0, 20.0, meshes, instances, (), Atmosphere(fog_density_per_m=0.0))


def _look(renderer: Renderer) -> RenderedImage:
    renderer.load(_wall_scene())
    view = CameraView(np.array([0.0, 0.0, EYE_M]), np.array([1.0, 0, 0]), np.array([0.0, 0, 1.0]), 120, 80, FOV_RAD)
    post = np.eye(4)
    post[:3, 3] = (6.2, -2.0, 0.0)
    return renderer.render(view, [DynamicInstance("post", post, category="car")], depth=True)


def _pixel(x_m: float, y_m: float, z_m: float) -> tuple[int, int]:
    """Row and column of a point, for the camera of :func:`_look`."""
    focal = 60.0 / np.tan(0.5 * FOV_RAD)
    return int(40.0 - focal * (z_m - EYE_M) / x_m), int(60.0 - focal * y_m / x_m)


def test_depth_is_the_distance_along_the_viewing_axis(drawing: Renderer) -> None:
    depth = _look(drawing).depth_m
    assert depth is not None and depth.shape == (80, 120) and depth.dtype == np.float32
    assert depth[_pixel(12.0, 4.0, 3.0)] == pytest.approx(12.0, abs=0.05)
    assert depth[_pixel(12.0, 6.5, 1.0)] == pytest.approx(12.0, abs=0.05), "a flat wall is as far at its edge"
    assert depth[_pixel(6.0, -2.0, 2.0)] == pytest.approx(6.0, abs=0.03)
    row = 70
    along = EYE_M * 60.0 / np.tan(0.5 * FOV_RAD) / (row + 0.5 - 40.0)
    assert depth[row, 60] == pytest.approx(along, rel=0.02), "the ground in front of the camera"


def test_depth_is_infinite_in_the_sky_and_only_there(drawing: Renderer) -> None:
    image = _look(drawing)
    assert image.depth_m is not None
    assert np.isinf(image.depth_m[2, 100])
    assert np.array_equal(np.isinf(image.depth_m), image.categories == category_index("sky"))


def test_categories_tell_sky_ground_building_and_what_moves(drawing: Renderer) -> None:
    categories = _look(drawing).categories
    assert categories[2, 100] == category_index("sky")
    assert categories[75, 60] == category_index("ground")
    assert categories[_pixel(12.0, 4.0, 3.0)] == category_index("building")
    assert categories[_pixel(6.0, -2.0, 2.0)] == category_index("car")


def test_depth_is_left_out_unless_asked_for(drawing: Renderer) -> None:
    drawing.load(_wall_scene())
    view = CameraView(np.array([0.0, 0.0, EYE_M]), np.array([1.0, 0, 0]), np.array([0.0, 0, 1.0]), 40, 30, FOV_RAD)
    assert drawing.render(view).depth_m is None

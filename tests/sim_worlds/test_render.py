"""Pictures show what they must, with either renderer."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from liquid_nav.errors import RenderError
from sim_worlds.mesh_tools import box
from sim_worlds.render import make_renderer
from sim_worlds.render.projection import look_at
from sim_worlds.render.tiny import TinyRenderer
from sim_worlds.scene import Atmosphere, DynamicInstance, Scene
from sim_worlds.world import make_world


@pytest.mark.parametrize("name", ["auto", "tiny"])
@pytest.mark.parametrize("world_name", ["forest", "city"])
def test_target_mask_lies_where_the_target_is(name: str, world_name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        world = make_world(world_name, 4, renderer=name)
    try:
        frame = world.camera_frame()
        rows, columns = np.nonzero(world.target_mask)
        column, row = world.target_pixel()
        assert frame.rgb.shape == (144, 256, 3)
        assert abs(columns.mean() - column) < 4 and abs(rows.mean() - row) < 4
        red = frame.rgb[world.target_mask].astype(int)
        assert np.median(red[:, 0] - red[:, 1:].max(axis=1)) > 5, "the backpack is red"
    finally:
        world.close()


def test_a_backpack_in_sight_is_in_the_picture_at_any_range_that_is_flown(renderer) -> None:
    for distance_m in (20.0, 30.0, 40.0):
        world = make_world("forest", 4, renderer=renderer, distance_m=distance_m, density_per_m2=0.02)
        world.camera_frame()
        assert world.target_in_view() and world.target_mask.any(), distance_m
        world.close()


def test_pictures_are_not_flat(renderer) -> None:
    for name in ("forest", "city"):
        world = make_world(name, 9, renderer=renderer)
        assert world.camera_frame().rgb.std() > 20
        world.close()


def test_renderer_can_be_used_for_one_world_after_the_other(renderer) -> None:
    first = make_world("forest", 1, renderer=renderer)
    picture = first.camera_frame().rgb
    first.close()
    make_world("city", 1, renderer=renderer).close()
    again = make_world("forest", 1, renderer=renderer)
    assert np.abs(again.camera_frame().rgb.astype(int) - picture).mean() < 1.0
    again.close()


def test_what_moves_is_drawn_in_the_tint_and_size_it_has_now() -> None:
    drawing, fresh = TinyRenderer(), TinyRenderer()
    scene = Scene("yard", 1, 30.0, 20.0, {"crate": box((0.5, 0.5, 0.5), material="white")}, (), (), Atmosphere())
    view = look_at(np.array([-3.0, 0.0, 0.0]), np.zeros(3), width_px=64, height_px=36)
    red = DynamicInstance("crate", np.eye(4), tint=(1.0, 0.2, 0.2))
    blue = replace(red, tint=(0.2, 0.2, 1.0))
    large = replace(red, pose=np.diag([2.0, 2.0, 2.0, 1.0]))
    drawing.load(scene)
    first = drawing.render(view, [red])
    for item in (blue, large, red):
        fresh.load(scene)
        shown, alone = drawing.render(view, [item]), fresh.render(view, [item])
        assert np.array_equal(shown.rgb, alone.rgb) and np.array_equal(shown.categories, alone.categories)
        assert np.array_equal(shown.rgb, first.rgb) is (item is red)
    drawing.close()
    fresh.close()


def test_unknown_renderer_is_refused() -> None:
    with pytest.raises(RenderError, match="crayon"):
        make_renderer("crayon")


def test_without_egl_the_plain_renderer_steps_in_with_one_warning(monkeypatch) -> None:
    import sim_worlds.render.gl as gl

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("libEGL.so.1 not found")

    monkeypatch.setattr(gl.moderngl, "create_context", broken)
    with pytest.warns(UserWarning, match="libegl1 libgl1-mesa-dri") as caught:
        assert make_renderer("auto").name == "tiny"
    assert len(caught) == 1


def test_a_driver_that_takes_no_shaders_of_ours_is_passed_over_with_one_warning(monkeypatch) -> None:
    try:
        make_renderer("gl").close()
    except RenderError as error:
        pytest.skip(str(error))
    from sim_worlds.render import shaders

    monkeypatch.setattr(shaders, "SOLID_FRAGMENT", "#version 430\nvoid main() { this is no GLSL }")
    with pytest.warns(
        UserWarning, match="cannot draw .*update its driver or use 'tiny'; drawing with PyBullet"
    ) as caught:
        assert make_renderer("auto").name == "tiny"
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    with pytest.raises(RenderError, match="cannot draw"):
        make_renderer("gl")

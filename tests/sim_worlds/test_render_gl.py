"""What the OpenGL renderer promises: the same picture each time, leaves in the wind, light and shadow."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import moderngl
import numpy as np
import pytest

from liquid_nav.errors import RenderError
from sim_worlds.catalogue import make_setting
from sim_worlds.mesh_tools import box, card, merge, moved, pose, quad
from sim_worlds.render import make_renderer
from sim_worlds.render.gl import SIZES_KEPT, GlRenderer
from sim_worlds.render.projection import look_at
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


@pytest.fixture(scope="module")
def gl() -> Renderer:
    try:
        return make_renderer("gl")
    except RenderError as error:
        pytest.skip(str(error))


def _scene(atmosphere: Atmosphere | None = None) -> Scene:
    tufts = [moved(card(0.6, 1.0, material="grass"), (0.5 * k, 0.0, 0.0)) for k in range(-4, 5)]
    meshes = {
        "ground": quad([(-40, -40, 0), (40, -40, 0), (40, 40, 0), (-40, 40, 0)], material="pavement"),
        "tufts": merge(tufts),
        "wall": box((0.5, 6.0, 4.0), material="white", centre=(0.0, 0.0, 2.0)),
        "post": box((0.5, 0.5, 2.0), material="white"),
    }
    instances = (
        Instance("ground", (0.0, 0.0, 0.0), category="ground"),
        Instance("tufts", (0.0, 5.0, 0.0), category="undergrowth"),
        Instance("wall", (8.0, 12.0, 0.0), category="building"),
    )
    air = atmosphere or Atmosphere(sun_azimuth_rad=0.0, sun_elevation_rad=0.7)
    return Scene("garden", 2, 30.0, 20.0, meshes, instances, (), air)


def _view(time_s: float = 0.0, width: int = 160, height: int = 90) -> CameraView:
    view = look_at(np.array([0.0, 0.0, 1.5]), np.array([0.0, 8.0, 0.8]), width_px=width, height_px=height)
    return replace(view, time_s=time_s)


def _forest_digest(renderer: Renderer) -> str:
    setting = make_setting("forest", 21, hour=11.0, sky="cloudy")
    renderer.load(setting.scene)
    eye = np.array(setting.start.position_enu_m)
    view = look_at(eye, setting.target.position_enu_m, width_px=128, height_px=72)
    image = renderer.render(replace(view, time_s=3.0), setting.target.dynamic_instances(), depth=True)
    assert image.depth_m is not None
    return hashlib.sha256(image.rgb.tobytes() + image.categories.tobytes() + image.depth_m.tobytes()).hexdigest()


def test_two_renderers_draw_the_same_bytes(gl: Renderer) -> None:
    other = make_renderer("gl")
    other.load(_scene())  # what was drawn before must not matter
    other.render(_view(7.0))
    assert _forest_digest(gl) == _forest_digest(other)
    other.close()


def test_another_process_draws_the_same_bytes(gl: Renderer) -> None:
    script = (
        "from tests.sim_worlds.test_render_gl import _forest_digest\n"
        "from sim_worlds.render import make_renderer\n"
        "print(_forest_digest(make_renderer('gl')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == _forest_digest(gl)


def _draw(renderer: Renderer, air: Atmosphere, time_s: float) -> RenderedImage:
    renderer.load(_scene(air))
    return renderer.render(_view(time_s))


def test_leaves_move_with_time_in_the_wind_and_nothing_else_does(gl: Renderer) -> None:
    air = Atmosphere(wind_m_s=6.0)
    early, late = _draw(gl, air, 1.0), _draw(gl, air, 1.9)
    moved_pixels = (early.rgb != late.rgb).any(axis=2)
    leaf = category_index("undergrowth")
    assert moved_pixels.any()
    assert not moved_pixels[(early.categories != leaf) & (late.categories != leaf)].any()
    assert np.array_equal(early.rgb, _draw(gl, air, 1.0).rgb), "the same time gives the same picture"


def test_the_foot_of_a_tuft_stays_where_it_grows(gl: Renderer) -> None:
    air = Atmosphere(wind_m_s=10.0)
    early, late = _draw(gl, air, 1.0), _draw(gl, air, 1.9)
    rows = np.flatnonzero((early.categories == category_index("undergrowth")).any(axis=1))
    changed = (early.categories != late.categories).sum(axis=1)
    assert changed[rows[0] : rows[0] + 8].sum() > 4 * changed[rows[-1] - 3 : rows[-1] + 1].sum()


def test_without_wind_leaves_keep_still(gl: Renderer) -> None:
    air = Atmosphere(wind_m_s=0.0)
    assert np.array_equal(_draw(gl, air, 1.0).rgb, _draw(gl, air, 1.9).rgb)


def test_walls_and_what_moves_throw_shadows_on_the_ground(gl: Renderer) -> None:
    gl.load(_scene())
    bare = gl.render(_view()).rgb.astype(int)
    pose = np.eye(4)
    pose[:3, 3] = (1.5, 3.5, 1.0)
    post = DynamicInstance("post", pose, category="person", shadow_size_m=(0.6, 2.0))
    with_post = gl.render(_view(), [post])
    darker = (bare.sum(axis=2) - with_post.rgb.astype(int).sum(axis=2)) > 60
    assert darker[with_post.categories == category_index("ground")].sum() > 40


@pytest.mark.parametrize(("category", "shown"), [("target", True), ("decoy", True), ("furniture", False)])
def test_what_is_sought_shows_as_a_speck_where_other_things_are_left_out(
    gl: Renderer, category: str, shown: bool
) -> None:
    scene = _scene()
    mesh = box((0.4, 0.3, 0.5), material="white")
    still = Instance("pack", (0.0, 60.0, 1.0), category=category)
    gl.load(replace(scene, meshes={**scene.meshes, "pack": mesh}, instances=(*scene.instances, still)))
    moving = DynamicInstance("pack", pose((3.0, 60.0, 1.0)), category=category)
    view = look_at(np.array([0.0, 0.0, 1.5]), np.array([0.0, 60.0, 1.0]), width_px=256, height_px=144)
    columns = np.nonzero(gl.render(view, [moving]).categories == category_index(category))[1]
    assert bool((columns < 130).any()) is shown and bool((columns > 130).any()) is shown


@pytest.mark.parametrize(("width", "height"), [(0, 90), (160, -1), (1_000_000, 90)])
def test_a_size_that_cannot_be_drawn_is_refused_with_its_value(gl: Renderer, width: int, height: int) -> None:
    gl.load(_scene())
    with pytest.raises(RenderError, match=f"{width} x {height}"):
        gl.render(replace(_view(), width_px=width, height_px=height))


def test_sizes_drawn_long_ago_give_their_memory_back_and_can_be_drawn_again() -> None:
    try:
        renderer = GlRenderer()
    except RenderError as error:
        pytest.skip(str(error))
    renderer.load(_scene())
    small, first = _view(width=64, height=36), renderer.render(_view()).rgb
    (frame,) = renderer._targets.values()
    parts = [frame, *frame.color_attachments, frame.depth_attachment]
    for width in range(100, 100 + SIZES_KEPT):
        renderer.render(_view(width=width))
        renderer.render(small)
    assert all(isinstance(part.mglo, moderngl.InvalidObject) for part in parts)
    assert len(renderer._targets) == SIZES_KEPT and (64, 36) in renderer._targets, "what is in use stays"
    assert np.array_equal(renderer.render(_view()).rgb, first)
    renderer.close()


def test_drawing_before_loading_is_refused() -> None:
    renderer = make_renderer("gl")
    with pytest.raises(RenderError, match="load"):
        renderer.render(_view())
    renderer.close()


def test_a_mesh_that_the_scene_lacks_is_named(gl: Renderer) -> None:
    gl.load(_scene())
    with pytest.raises(RenderError, match="unicorn"):
        gl.render(_view(), [DynamicInstance("unicorn", np.eye(4))])

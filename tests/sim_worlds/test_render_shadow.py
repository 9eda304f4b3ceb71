"""Shadows of what moves are looked for in a part of the image, which must hold them all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from liquid_nav.errors import RenderError
from sim_worlds.catalogue import make_setting
from sim_worlds.render import gl as gl_module
from sim_worlds.render import make_renderer
from sim_worlds.render.projection import look_at
from sim_worlds.scene import CameraView, RenderedImage, Renderer, Setting


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    try:
        made = make_renderer("gl")
    except RenderError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def _views(setting: Setting) -> list[CameraView]:
    """Views from around the target, towards it or past it."""
    rng = np.random.default_rng(3)
    target = setting.target.position_enu_m
    views = []
    for _ in range(12):
        bearing, distance = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(1.0, 7.0)
        eye = target + np.array([distance * np.cos(bearing), distance * np.sin(bearing), rng.uniform(-0.3, 1.0)])
        towards = target + rng.uniform(-2.0, 2.0, 3) * np.array([1.0, 1.0, 0.5])
        views.append(look_at(eye, towards, width_px=128, height_px=72, horizontal_fov_rad=1.4))
    return views


@pytest.mark.parametrize(
    ("world", "options"),
    [
        ("city", {"hour": 12.0, "sky": "clear", "crowd": 3.0}),
        ("city", {"hour": 19.0, "sky": "clear", "crowd": 3.0}),
        ("forest", {"hour": 9.0, "sky": "clear"}),
        ("snowfield", {"hour": 12.0, "sky": "clear"}),
    ],
)
def test_no_shadow_is_cut_off(
    world: str, options: dict[str, object], renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = make_setting(world, 1_000_031, **options)
    moving = [item for each in (setting.target, *setting.actors) for item in each.dynamic_instances()]
    renderer.load(setting.scene)

    def draw() -> list[RenderedImage]:
        return [renderer.render(view, moving, depth=True) for view in _views(setting)]

    parts = draw()
    monkeypatch.setattr(gl_module, "shaded_part", lambda casting, *_: (0, 0, 128, 72) if casting.count else None)
    whole = draw()
    monkeypatch.setattr(gl_module, "shaded_part", lambda *_: None)
    none = draw()
    for part, full in zip(parts, whole, strict=True):
        assert np.array_equal(part.rgb, full.rgb)
        assert part.depth_m is not None and full.depth_m is not None and np.array_equal(part.depth_m, full.depth_m)
    assert any((part.rgb != bare.rgb).any() for part, bare in zip(parts, none, strict=True)), "there is no shadow"

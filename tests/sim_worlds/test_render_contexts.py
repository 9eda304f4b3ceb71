"""Several renderers in one process do not get into each other's way."""

from __future__ import annotations

import numpy as np

from sim_worlds.camera import CameraConfig
from sim_worlds.render import make_renderer
from sim_worlds.world import make_world


def test_two_renderers_draw_their_own_worlds_in_turn() -> None:
    worlds = [make_world("city", seed, camera=CameraConfig(64, 48)) for seed in (5, 6)]
    alone = [world.camera_frame().rgb for world in worlds]
    in_turn = [world.camera_frame().rgb for world in worlds]
    assert np.array_equal(alone[0], in_turn[0]) and np.array_equal(alone[1], in_turn[1])
    worlds[1].close()
    assert np.array_equal(worlds[0].camera_frame().rgb, alone[0]), "closing one leaves the other's things alone"
    worlds[0].close()


def test_closing_twice_is_harmless() -> None:
    drawing = make_renderer("auto")
    drawing.close()
    drawing.close()

"""What the tests of the sites share: checks that hold for every world that training never sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim_worlds.placement import gaps_m, samples
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import CATEGORIES, Setting
from sim_worlds.walker import WalkingPerson
from sim_worlds.world import World
from training.closed_loop import fly
from training.suites import Condition

Generator = Callable[..., Setting]
SEEDS = tuple(range(1_000_000, 1_000_008))
HOLDER_M = 0.9


def check_same_seed_same_world(make: Generator, seed: int, **options: object) -> None:
    """Two calls give the same bytes."""
    one, two = make(seed, **options), make(seed, **options)
    assert one.scene.instances == two.scene.instances
    assert one.scene.colliders == two.scene.colliders
    assert one.scene.atmosphere == two.scene.atmosphere
    assert one.start == two.start
    assert np.array_equal(one.target.position_enu_m, two.target.position_enu_m)
    assert list(one.scene.meshes) == list(two.scene.meshes)
    for name, mesh in one.scene.meshes.items():
        assert mesh.positions_m.tobytes() == two.scene.meshes[name].positions_m.tobytes()


def check_start_sees_the_backpack(make: Generator, seed: int, **options: object) -> None:
    """The backpack is in view, nothing touches the vehicle and the heights suit a small quadrotor."""
    world = World(make(seed, **options), renderer=BlindRenderer())
    try:
        assert world.target_in_view()
        assert world.collision is None
        assert 1.0 <= world.start.position_enu_m[2] <= 2.5
        assert 1.0 <= world.target.position_enu_m[2] <= 2.0
        assert float(gaps_m(np.array([world.start.position_enu_m[:2]]), world.scene.colliders)[0]) > 0.5
    finally:
        world.close()


def check_sight_line_is_free(make: Generator, seed: int, **options: object) -> None:
    """Nothing but the backpack's own post comes within half a metre of the straight way to it."""
    setting = make(seed, **options)
    end = setting.target.position_enu_m[:2]
    line = samples([setting.start.position_enu_m[:2], (float(end[0]), float(end[1]))])
    away = np.hypot(*(line - end).T) > HOLDER_M
    assert gaps_m(line[away], setting.scene.colliders).min() >= 0.5


def check_walk_is_free(make: Generator, seed: int, **options: object) -> None:
    """The walk is long enough for a minute, keeps away from solids and stays within the world."""
    setting = make(seed, still=False, **options)
    person = setting.target
    assert isinstance(person, WalkingPerson)
    assert person.path.length_m >= 108.0
    assert gaps_m(samples(person.path.points), setting.scene.colliders).min() >= 1.1
    assert np.abs(person.path.points).max() < setting.scene.half_size_m - 2.0
    behind = float(np.hypot(*(person.position_enu_m[:2] - setting.start.position_enu_m[:2])))
    assert 2.4 <= behind <= 4.6


def check_everything_is_told_apart(make: Generator, seed: int, wanted: set[str], **options: object) -> None:
    """Instances name meshes of the scene and known categories, among them the ``wanted`` ones."""
    scene = make(seed, **options).scene
    assert {instance.mesh for instance in scene.instances} <= set(scene.meshes)
    found = {instance.category for instance in scene.instances}
    assert found <= set(CATEGORIES)
    assert wanted <= found
    assert "target" not in found


def check_decoys_are_red(make: Generator, seed: int) -> None:
    """With decoys more instances are plainly red than without, and nothing else moves."""
    plain, decoyed = make(seed), make(seed, decoys=True)
    count = [sum(item.category == "decoy" for item in each.scene.instances) for each in (plain, decoyed)]
    assert count[1] > count[0] + 2
    assert decoyed.start == plain.start
    assert set(plain.scene.colliders) <= set(decoyed.scene.colliders)


def check_expert_arrives(make: Generator, world: str, seed: int, **options: object) -> None:
    """The expert reaches a hanging backpack without touching anything."""
    flown = World(make(seed, **options), renderer=BlindRenderer())
    try:
        result = fly(flown, Condition("expert", world, {}), None)
    finally:
        flown.close()
    assert result.success, result.reason

"""Cities: reproducible, with a walk that keeps clear of solids, and a person who walks like one."""

from __future__ import annotations

import numpy as np
import pytest

from liquid_nav.errors import WorldError
from sim_worlds.city import make_city
from sim_worlds.city_people import SITTING, STANDING
from sim_worlds.city_plan import HALF_ROAD_M, WALKING_LINE_M, along_junction_m
from sim_worlds.materials import LAYERS
from sim_worlds.scene import CATEGORIES, Instance
from sim_worlds.walker import FASTEST_M_S


def test_same_seed_builds_the_same_city_and_walk() -> None:
    walker_setting = make_city(5)
    first = walker_setting.scene
    walker = walker_setting.target
    twin_setting = make_city(5)
    second = twin_setting.scene
    twin = twin_setting.target
    walker.advance(20.0)
    for _ in range(400):
        twin.advance(0.05)
    assert first.colliders == second.colliders
    assert np.allclose(walker.position_enu_m, twin.position_enu_m)


@pytest.mark.parametrize("seed", range(6))
def test_person_walks_past_every_solid(seed: int) -> None:
    walker_setting = make_city(seed)
    scene = walker_setting.scene
    walker = walker_setting.target
    boxes = [c for c in scene.colliders if c.shape == "box"]
    posts = np.array([(*c.centre_enu_m[:2], c.size_m[0]) for c in scene.colliders if c.shape == "cylinder"])
    for _ in range(140):
        walker.advance(0.5)
        spot = walker.position_enu_m[:2]
        assert (np.hypot(*(posts[:, :2] - spot).T) - posts[:, 2]).min() > 0.3
        for box in boxes:
            cos, sin = np.cos(box.yaw_rad), np.sin(box.yaw_rad)
            local = np.abs(np.array([[cos, sin], [-sin, cos]]) @ (spot - np.array(box.centre_enu_m[:2])))
            assert (local > np.array(box.size_m[:2])).any(), f"the person walks through a {box.label}"


def _without_colour(instance: Instance) -> tuple[object, ...]:
    return instance.mesh, instance.position_enu_m, instance.yaw_rad, instance.scale


def _is_red(tint: tuple[float, float, float]) -> bool:
    return tint[0] > 0.5 and max(tint[1:]) < 0.3


def test_decoys_change_colours_alone() -> None:
    plain, red = make_city(3), make_city(3, decoys=True)
    assert plain.scene.colliders == red.scene.colliders and plain.start == red.start
    pairs = list(zip(plain.scene.instances, red.scene.instances, strict=True))
    assert all(_without_colour(one) == _without_colour(other) for one, other in pairs)
    changed = [other for one, other in pairs if one.tint != other.tint]
    assert len(changed) > 10 and all(_is_red(other.tint) and other.category == "decoy" for other in changed)
    assert not any(_is_red(one.tint) or one.category == "decoy" for one, _ in pairs)
    plain.target.advance(20.0)
    red.target.advance(20.0)
    assert np.allclose(plain.target.position_enu_m, red.target.position_enu_m)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "horse"}, "horse.*walking, cyclist, car, still"),
        ({"crowd": 4.0}, "crowd is 4.0"),
        ({"half_size_m": 30.0}, "30.0.*56"),
        ({"still": True, "target": "car"}, "leave one of them out"),
        ({"season": "monsoon"}, "monsoon"),
    ],
)
def test_bad_options_are_refused_with_the_cure(options: dict[str, object], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        make_city(1, **options)


def test_what_was_drawn_is_on_record() -> None:
    options = make_city(2, season="winter", target="cyclist", crowd=0.5).scene.options
    assert options["season"] == "winter" and options["target"] == "cyclist" and options["crowd"] == 0.5
    assert not options["still"] and options["passers_by"] <= 5


def test_everything_has_a_category_and_a_mesh() -> None:
    scene = make_city(1, decoys=True).scene
    seen = {instance.category for instance in scene.instances}
    assert {"ground", "building", "car", "person", "furniture", "tree", "decoy"} <= seen <= set(CATEGORIES)
    assert {instance.mesh for instance in scene.instances} <= set(scene.meshes)
    assert all(instance.category != "person" for instance in scene.instances if instance.mesh.startswith("house"))


def test_still_backpacks_hang_on_lamps_or_lie_on_benches() -> None:
    heights = [float(make_city(seed, target="still", crowd=0.0).target.position_enu_m[2]) for seed in range(9)]
    assert any(height < 0.8 for height in heights) and any(height >= 1.0 for height in heights)


@pytest.mark.parametrize("seed", range(4))
def test_still_backpacks_hang_at_the_kerb_not_on_a_road(seed: int) -> None:
    x, y, _ = make_city(seed, target="still", crowd=0.0).target.position_enu_m
    assert min(along_junction_m(x), along_junction_m(y)) > HALF_ROAD_M
    assert min(along_junction_m(x), along_junction_m(y)) < WALKING_LINE_M


def test_seasons_change_looks_but_not_the_place() -> None:
    summer, winter = make_city(4, crowd=0.0), make_city(4, season="winter", crowd=0.0)
    assert summer.start == winter.start and summer.scene.colliders == winter.scene.colliders
    assert "snow_ground" in {LAYERS[index] for index in winter.scene.meshes["block"].layers}


def test_person_changes_pace_turns_and_stops() -> None:
    speeds, headings = [], []
    for seed in range(4):
        walker_setting = make_city(seed)
        walker = walker_setting.target
        for _ in range(700):
            walker.advance(0.1)
            speeds.append(walker.speed_m_s)
            headings.append(walker.heading_rad)
    assert max(speeds) <= FASTEST_M_S + 1e-6
    assert min(speeds[100:]) < 0.05
    assert np.ptp(headings) > 1.0


def test_backpack_moves_with_the_person() -> None:
    walker_setting = make_city(2)
    walker = walker_setting.target
    walker.advance(3.0)
    before = walker.position_enu_m
    walker.advance(0.5)
    moved = np.linalg.norm(walker.position_enu_m - before)
    assert moved == pytest.approx(0.5 * walker.speed_m_s, abs=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_people_on_seats_are_solid_from_the_seat_to_the_head(seed: int) -> None:
    scene = make_city(seed).scene
    sitting = {f"bystander_{index}" for index in range(STANDING, STANDING + SITTING)}
    people = [instance for instance in scene.instances if instance.mesh in sitting]
    assert people
    for person in people:
        x, y, _ = person.position_enu_m
        heights = scene.meshes[person.mesh].positions_m[:, 2]
        solids = [c for c in scene.colliders if c.label == "bystander" and c.centre_enu_m[:2] == (x, y)]
        assert len(solids) == 1
        top_m = solids[0].centre_enu_m[2] + solids[0].size_m[2]
        assert top_m == pytest.approx(float(heights.max()), abs=1e-3)

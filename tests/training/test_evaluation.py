"""Evaluation: rates with intervals, from seeds that derive from one number."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_nav.errors import ConfigError
from liquid_nav.policy.runtime import PRETRAINED
from liquid_nav.types import CameraFrame, VelocityCommand
from sim_worlds.camera import CAMERAS
from sim_worlds.catalogue import world_options
from sim_worlds.conditions import CONDITIONS as AIRS
from sim_worlds.render.blind import BlindRenderer
from sim_worlds.scene import Ground, Renderer, Start
from sim_worlds.seeds import split_of
from tests.fakes import empty_scene, empty_world
from training.closed_loop import fly, fly_condition, open_world, safety_config
from training.evaluate import evaluate
from training.report import results_page, write_reports
from training.result_plots import write_plots
from training.statistics import wilson_interval
from training.suites import CONDITIONS, SUITES, Condition, suite_conditions


def test_wilson_interval_of_known_cases() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500), st.data())
def test_wilson_interval_holds_the_rate(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0


def test_the_expert_flies_a_suite_and_the_report_holds_the_contract(tmp_path: Path) -> None:
    results = evaluate("smoke", 2, 3, tmp_path, expert=True, workers=1)
    written = json.loads((tmp_path / "results.json").read_text())
    assert written == results
    assert results["policy"] == "expert"
    for row in results["conditions"]:
        assert set(row) >= {
            "name", "world", "episodes", "success", "success_low", "success_high", "collisions", "tsr", "seeds",
        }
        assert row["success"] == 1.0 and row["collisions"] == 0.0
        assert {split_of(seed) for seed in row["seeds"]} == {"test"}
    assert "| forest-unseen | 2 | 100% |" in (tmp_path / "results.md").read_text()
    lines = (tmp_path / "flights.json").read_text().splitlines()
    flights = json.loads("\n".join(lines))
    assert len(flights) == 4 == len(lines) - 2  # one line for each flight
    for flight in flights:
        assert flight["success"] and not flight["collision"] and flight["touched"] is None
        assert flight["reason"] and flight["duration_s"] > 2.0
        assert 0.5 < flight["min_distance_m"] < flight["distance_m"] + 0.1


def test_a_report_says_how_it_was_made_and_shows_its_pictures(tmp_path: Path) -> None:
    results = evaluate("smoke", 1, 3, tmp_path, expert=True, workers=1)
    text = (tmp_path / "results.md").read_text()
    assert "`liquid-nav evaluate --suite smoke --seed 3 --episodes 1 --policy expert`" in text
    assert results["machine"] in text
    assert "![Success and collisions by condition (flights)](conditions.png)" in text
    assert (tmp_path / "conditions.png").stat().st_size > 1000


def test_the_command_of_a_report_names_the_policy_and_the_renderer_that_flew(tmp_path: Path) -> None:
    row = {"name": "forest-unseen", "episodes": 2, "success": 1.0, "success_low": 0.3, "success_high": 1.0}
    results = {
        "software": "x", "policy": "mine", "policy_folder": "checkpoints/mine", "renderer": "tiny", "suite": "forest",
        "split": "validation", "seed": 7, "machine": "a laptop", "workers": 1, "seconds": 61.0,
        "conditions": [{**row, "collisions": 0.0, "tsr": 1.0}],
    }  # fmt: skip
    write_reports(results, [{"condition": "forest-unseen", "distance_m": 9.0, "success": True}], tmp_path)
    command = "--suite forest --seed 7 --episodes 2 --split validation --policy checkpoints/mine --renderer tiny`"
    assert command in (tmp_path / "results.md").read_text()
    assert json.loads((tmp_path / "results.json").read_text()) == results


def test_a_report_whose_policy_is_not_known_says_so_instead_of_naming_the_shipped_one() -> None:
    row = {"name": "forest-unseen", "episodes": 2, "success": 1.0, "success_low": 0.3, "success_high": 1.0}
    results = {
        "software": "x", "policy": "mine", "suite": "forest", "split": "test", "seed": 7, "machine": "a laptop",
        "seconds": 61.0, "conditions": [{**row, "collisions": 0.0, "tsr": 1.0}],
    }  # fmt: skip
    word = "was not recorded"
    assert f"The folder of policy `mine` {word}: add it as `--policy DIR`." in results_page(results, [])
    for known in ({"policy": PRETRAINED.name}, {"policy": "expert"}, {"policy_folder": "checkpoints/mine"}):
        assert word not in results_page({**results, **known}, [])


def test_results_stand_there_only_when_everything_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.report.write_plots", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_reports({}, [], tmp_path)
    assert not (tmp_path / "results.json").exists()


def test_pictures_show_what_was_flown_and_only_that(tmp_path: Path) -> None:
    def row(name: str) -> dict[str, object]:
        rates = {"success": 0.5, "success_low": 0.2, "success_high": 0.8, "collisions": 0.1}
        return {"name": name, "episodes": 10, **rates}

    (tmp_path / "distance.png").write_bytes(b"of an earlier evaluation")
    names = ["stress-noise-15", "stress-noise-30", "rate-5", "rate-10", "drop-30"]
    flights = [{"condition": name, "distance_m": 9.0, "success": True} for name in names]
    written = write_plots({"conditions": [row(name) for name in names]}, flights, tmp_path)
    assert {file.name for file in written} == {"stress.png", "time.png"} == {file.name for file in tmp_path.iterdir()}


def test_suites_name_conditions_that_exist() -> None:
    assert all(name in CONDITIONS for names in SUITES.values() for name in names)
    assert set(SUITES["transfer"]) == set(CONDITIONS)
    assert [condition.name for condition in suite_conditions("city-still")] == ["city-still"]


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=lambda condition: condition.name)
def test_worlds_cameras_and_airs_of_every_condition_exist(condition: Condition) -> None:
    known = world_options(condition.world)
    assert {key for options in (condition.options, *condition.variants) for key in options} <= set(known)
    assert condition.camera in CAMERAS
    assert condition.conditions in AIRS


@pytest.mark.parametrize("name", [name for name in CONDITIONS if name.endswith(("-walking", "-cyclist", "-decoys"))])
def test_a_flight_begins_with_the_target_in_view(name: str) -> None:
    for seed in (1_000_123, 1_000_124):
        world = open_world(CONDITIONS[name], seed, BlindRenderer())
        assert world.target_in_view()
        world.close()


def test_variants_of_a_condition_take_turns() -> None:
    condition = Condition("c", "forest", {"season": "summer"}, ({"hour": 6.0}, {"sky": "fog"}))
    assert condition.options_of(4) == {"season": "summer", "hour": 6.0}
    assert condition.options_of(5) == {"season": "summer", "sky": "fog"}


@pytest.mark.parametrize(("hertz", "looks", "steps"), [(5.0, 5, 20), (10.0, 10, 20), (20.0, 20, 20), (60.0, 30, 60)])
def test_the_camera_has_its_rate_and_commands_go_out_at_least_every_fifty_ms(
    hertz: float, looks: int, steps: int
) -> None:
    world, policy = _WatchedWorld(), _StillPolicy()
    fly(world.world, Condition("c", "empty", {}, camera_hz=hertz, follow_s=1.0), policy)
    seconds = world.world.time_s
    assert len(policy.elapsed_s) == pytest.approx(looks * seconds, abs=1.01)
    assert policy.elapsed_s[1:] == pytest.approx([1.0 / looks] * (len(policy.elapsed_s) - 1), abs=0.005)
    assert world.steps == pytest.approx(steps * seconds, abs=1.01)


def test_lost_frames_reach_the_policy_as_time_and_the_last_command_is_flown_on() -> None:
    world, policy = _WatchedWorld(), _StillPolicy(VelocityCommand(forward_m_s=-0.5))
    taken = 0

    def receive():
        nonlocal taken
        taken += 1
        return None if taken % 3 == 0 else world.picture()

    world.world.received_frame = receive
    fly(world.world, Condition("c", "empty", {}), policy)
    assert sorted({round(seconds, 2) for seconds in policy.elapsed_s}) == [0.05, 0.1]
    flown = np.array([command.forward_m_s for command in world.commands])
    assert np.allclose(flown[20:], -0.5, atol=1e-3)  # after the ramp, also where no frame came


def test_the_safety_filter_stops_when_no_frame_comes() -> None:
    world, policy = _WatchedWorld(), _StillPolicy(VelocityCommand(forward_m_s=-0.5))
    world.world.received_frame = lambda: world.picture() if world.world.time_s < 2.0 else None
    fly(world.world, Condition("c", "empty", {}), policy)
    flown = np.array([command.forward_m_s for command in world.commands])
    assert flown[35] == pytest.approx(-0.5, abs=1e-3)
    assert np.allclose(flown[65:], 0.0, atol=1e-3)


def test_limits_fit_the_scene() -> None:
    ground = Ground(30.0, np.linspace(-2.0, 3.0, 25, dtype=np.float32).reshape(5, 5))
    flat, hilly = safety_config(empty_scene()), safety_config(replace(empty_scene(), ground=ground))
    low = safety_config(replace(empty_scene(), ceiling_m=8.0))
    assert (flat.geofence_half_size_m, flat.floor_m, flat.ceiling_m) == (50.0, 0.5, 12.0)
    assert (hilly.floor_m, hilly.ceiling_m) == (-1.5, 14.0)
    assert low.ceiling_m == 7.0


def test_a_flight_of_a_policy_brings_a_sheet_of_pictures_where_asked_for(renderer: Renderer) -> None:
    condition = Condition("c", "city", {}, follow_s=2.0)
    away, there = VelocityCommand(yaw_rate_rad_s=1.4), VelocityCommand(forward_m_s=0.5)
    failed = fly_condition(condition, 1_000_001, _StillPolicy(away), renderer, sheets=True)
    good = fly_condition(condition, 1_000_001, _StillPolicy(there), renderer)
    assert good.result.success and good.sheet is None
    assert not failed.result.success and failed.sheet is not None
    picture = cv2.imdecode(np.frombuffer(failed.sheet, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (22 + 2 * (144 + 30), 4 * 256, 3)
    tiles = [picture[22 + 174 * row :, 256 * column :][:144, :256] for row in (0, 1) for column in range(4)]
    assert all(np.abs(one.astype(int) - two).mean() > 5.0 for one, two in pairwise(tiles))


def test_unknown_suites_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="moon"):
        evaluate("moon", 1, 0, tmp_path, expert=True)


class _StillPolicy:
    """Always the same command; remembers the elapsed times."""

    name = "still"

    def __init__(self, command: VelocityCommand | None = None) -> None:
        self.command = command or VelocityCommand()
        self.elapsed_s: list[float] = []

    def step(self, rgb, elapsed_s: float, state=None):
        self.elapsed_s.append(elapsed_s)
        return self.command, None


class _WatchedWorld:
    """A world with nothing in it but a backpack far away, and what it was told."""

    def __init__(self) -> None:
        self.world = empty_world(Start((0.0, 0.0, 2.0), 0.0), (3.0, 0.0, 2.0))
        self.commands: list[VelocityCommand] = []
        self.steps = 0
        step = self.world.step

        def watch(command: VelocityCommand, duration_s: float) -> None:
            self.commands.append(command)
            self.steps += 1
            step(command, duration_s)

        self.world.step = watch

    def picture(self) -> CameraFrame:
        """What the camera sees, black but for one pixel that changes: a camera that repeats itself is frozen."""
        frame = self.world.camera_frame()
        rgb = frame.rgb.copy()
        rgb[0, 0] = self.steps % 256
        return CameraFrame(rgb, frame.stamp_s)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_expert_reaches_the_backpack_in_unseen_forests(tmp_path: Path) -> None:
    results = evaluate("forest-unseen", 200, 0, tmp_path, expert=True)
    row = results["conditions"][0]
    assert row["success"] >= 0.99
    assert row["collisions"] == 0.0

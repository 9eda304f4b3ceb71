"""A scripted person with a gamepad: late, imperfect, without map or state; and what is learned from it."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import training.against_pilot
import training.gamepad_pilot
from liquid_nav.data import EpisodeWriter, messages, open_episode, read_episode
from liquid_nav.data.quality import check
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.errors import ConfigError, EpisodeError
from sim_worlds.missions import MissionResult
from sim_worlds.scene import Renderer
from tests.data.makers import write_episode
from tests.training.small_data import small_cache
from training.against_pilot import Outcome, compare_with_pilot, outcome_of
from training.batches import BatchMaker
from training.cache import open_cache
from training.collect import MANIFEST
from training.gamepad_pilot import EYE_RAYS, EYES_REACH_M, GamepadPilot, Glimpse, Person
from training.origin import origin_of
from training.settings import TrainSettings
from training.teleop_flight import TeleopFlight, fly_teleop

CALM = Person(shake=0.0, lapses_per_s=0.0)
FREE = np.full(EYE_RAYS, EYES_REACH_M)
FOV_RAD = 1.396
SEED = 5000


def _pilot(person: Person = CALM) -> GamepadPilot:
    return GamepadPilot(person, FOV_RAD, np.random.default_rng(0))


def _glimpse(time_s: float, across: float | None, trunks: np.ndarray = FREE, height_px: float = 10.0) -> Glimpse:
    return Glimpse(time_s, across, 0.0, height_px, 144, trunks)


def _fly(pilot: GamepadPilot, across: float | None, trunks: np.ndarray = FREE, seconds: float = 1.5) -> np.ndarray:
    commands = []
    for index in range(round(seconds / 0.05)):
        pilot.see(_glimpse(0.05 * index, across, trunks))
        commands.append(pilot.command(0.05 * index).as_array())
    return np.stack(commands)


def test_nothing_moves_before_the_reaction_time() -> None:
    commands = _fly(_pilot(), 0.5)
    moved = np.flatnonzero(np.abs(commands).max(axis=1) > 0)
    assert moved[0] * 0.05 >= CALM.reaction_s
    assert moved[0] * 0.05 <= CALM.reaction_s + 0.15


def test_it_turns_to_where_the_backpack_is_on_the_screen() -> None:
    assert _fly(_pilot(), 0.5)[-1, 3] < -0.3, "right on the screen is a turn to the right"
    assert _fly(_pilot(), -0.5)[-1, 3] > 0.3
    assert abs(_fly(_pilot(), 0.0)[-1, 3]) < 0.1


def test_it_searches_on_the_side_where_the_backpack_left() -> None:
    pilot = _pilot()
    _fly(pilot, 0.9)
    for index in range(30, 60):
        pilot.see(_glimpse(0.05 * index, None))
        command = pilot.command(0.05 * index)
    assert command.yaw_rate_rad_s < -0.3 and command.forward_m_s == 0.0
    assert pilot.lost_s > 0.5


def test_it_goes_round_a_trunk_on_the_open_side() -> None:
    trunks = FREE.copy()
    trunks[EYE_RAYS // 2 - 2 : EYE_RAYS // 2 + 6] = 2.0  # ahead, rather to the left
    commands = _fly(_pilot(), 0.0, trunks)
    assert commands[-1, 1] < -0.2, "it slides to the right"
    assert commands[-1, 0] < _fly(_pilot(), 0.0)[-1, 0]


def test_it_does_not_dodge_the_tree_that_the_backpack_hangs_on() -> None:
    trunks = FREE.copy()
    trunks[EYE_RAYS // 2 - 3 : EYE_RAYS // 2 + 3] = 3.2  # right behind a backpack three metres away
    pilot = _pilot()
    for index in range(60):
        pilot.see(_glimpse(0.05 * index, 0.0, trunks, height_px=28.0))
        assert pilot.command(0.05 * index).left_m_s == 0.0
    assert pilot.danger_m == EYES_REACH_M


def test_small_deflections_do_nothing_and_sticks_have_steps() -> None:
    commands = _fly(_pilot(replace(CALM, shake=0.06)), 0.02, seconds=4.0) / np.array([1.8, 1.8, 0.9, 1.0])
    sizes = np.abs(commands[commands != 0.0])
    assert sizes.min() >= CALM.deadband - 1e-6
    assert np.allclose(sizes * 127, np.round(sizes * 127), atol=1e-3)


def test_it_knows_neither_expert_nor_map_nor_state() -> None:
    text = inspect.getsource(training.gamepad_pilot)
    for word in ("import Expert", "WayField", "planner", ".scene", "position_enu_m", "odometry", "target."):
        assert word not in text, word


@pytest.fixture(scope="module")
def flown(tmp_path_factory, renderer: Renderer) -> Path:
    """One flight of a person alone, in a forest of the training split."""
    path = tmp_path_factory.mktemp("teleop") / "a.mcap"
    report = fly_teleop(TeleopFlight(SEED, 0, path), renderer)
    (result,) = report.results
    assert result.success and not result.collision
    return path


def test_a_flight_is_a_good_episode_with_labels_of_later(flown: Path) -> None:
    episode = open_episode(flown)
    assert episode.metadata.pilot == "gamepad" and episode.metadata.extra["kind"] == "teleop"
    assert check(episode).findings == []
    steps = list(episode.steps())
    delay = round(float(episode.metadata.extra["answer_s"]) / 0.05)
    flown_later = [step.command.as_array() for step in steps[delay:]]
    labels = [step.expert.as_array() for step in steps if step.labelled]
    assert np.allclose(labels, flown_later, atol=1e-6)
    assert not any(step.labelled for step in steps[-delay:]) and {step.source for step in steps} == {"pilot"}


def test_a_policy_flies_the_worlds_of_a_recorded_pilot(flown: Path, tmp_path: Path, monkeypatch) -> None:
    seen = []

    def fly(world, condition, policy):
        seen.append((condition.world, dict(condition.options), world.start.yaw_rad))
        return MissionResult(False, True, 0.0, 5.0, 1.0, 1.0, "touches a trunk")

    monkeypatch.setattr(training.against_pilot, "fly", fly)
    results = compare_with_pilot(flown, tmp_path, renderer="tiny")
    assert [(world, options["season"]) for world, options, _ in seen] == [("forest", "summer")]
    (row,) = results["flights"]
    assert row["seed"] == SEED and row["pilot_success"] and not row["policy_success"] and row["policy_collision"]
    assert results["pilot_rates"]["success"] == 1.0 and results["policy_rates"]["collisions"] == 1.0
    assert "| gamepad | 1 | 100% |" in (tmp_path / "results.md").read_text()


def test_recordings_of_real_places_cannot_be_flown_again(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", 5, world="meadow", extra={"success": "True", "collision": "False",
                                                                       "duration_s": "5"})  # fmt: skip
    with pytest.raises(EpisodeError, match="no simulated world"):
        compare_with_pilot(path, tmp_path / "out")
    with pytest.raises(EpisodeError, match="how its flight ended"):
        compare_with_pilot(write_episode(tmp_path / "b.mcap", 5), tmp_path / "out")


def test_a_recording_of_the_simulator_says_where_it_was_flown_and_how_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    writer = RecordingWriter(path)
    channel = writer.add_channel("/sim/status", messages.TEXT)
    writer.add_channel("/camera/image/compressed", messages.IMAGE)
    for success in (False, True):
        said = {"world": "forest", "seed": 7, "success": success, "collision": False, "duration_s": 9.5}
        text = messages.make(messages.TEXT, data=json.dumps(said))
        writer.write(channel, 0, bytes(messages.STORE.serialize_cdr(text, messages.TEXT)), 0)
    writer.close()
    episode = open_episode(path)
    assert outcome_of(episode) == Outcome(True, False, 9.5)
    assert (origin_of(episode).world, origin_of(episode).seed) == ("forest", 7)


def test_what_nobody_labelled_is_not_imitated() -> None:
    cache = small_cache(4, 12)
    labelled = np.ones(48, dtype=bool)
    labelled[::3] = False
    maker = BatchMaker(replace(cache, labelled=labelled), TrainSettings(), np.arange(4), augment=False)
    batch = maker.images(np.random.default_rng(0), np.arange(48))
    assert batch.use_command[:, 0].tolist() == labelled.tolist()


@pytest.mark.parametrize(("weights", "steps"), [((1, 1, 1, 1), 48), ((3, 1, 1, 1), 72), ((0.5,) * 4, 24)])
def test_weights_say_how_often_episodes_are_drawn(weights: tuple[float, ...], steps: int) -> None:
    cache = replace(small_cache(4, 12), weights=np.array(weights, dtype=float))
    assert len(BatchMaker(cache, TrainSettings(), np.arange(4), augment=True).steps) == steps
    assert len(BatchMaker(cache, TrainSettings(), np.arange(4), augment=False).steps) == 48


def test_folders_are_mixed_by_weight(flown: Path, tmp_path: Path) -> None:
    for name in ("expert", "teleop"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / MANIFEST).write_text(json.dumps({"worlds": ["forest"]}))
        episode = read_episode(flown)
        with EpisodeWriter(folder / "a.mcap", episode.metadata) as writer:
            for step in episode.steps[:6]:
                writer.write(replace(step, labelled=name == "expert"))
    cache = open_cache([tmp_path / "expert", Path(f"{tmp_path / 'teleop'}=3")], tmp_path / "cache")
    assert cache.weights.tolist() == [1.0, 3.0]
    assert cache.labelled.tolist() == [True] * 6 + [False] * 6
    with pytest.raises(ConfigError, match="WEIGHT"):
        open_cache([Path(f"{tmp_path / 'teleop'}=many")], tmp_path / "cache")

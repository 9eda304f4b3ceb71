"""Folders of teleoperated episodes: what their manifest names is what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import training.teleop_collect
from liquid_nav.errors import ConfigError
from training.collect import MANIFEST, read_manifest
from training.teleop_collect import collect_teleop
from training.teleop_flight import TeleopFlight


@pytest.fixture(autouse=True)
def flown(monkeypatch: pytest.MonkeyPatch) -> list[TeleopFlight]:
    """The flights of each collection, which only leave their files here."""
    flights: list[TeleopFlight] = []

    def fly(missing: list[TeleopFlight], policy: Path | None, workers: int) -> list[object]:
        for flight in missing:
            flight.path.touch()
        flights.extend(missing)
        return []

    monkeypatch.setattr(training.teleop_collect, "_fly", fly)
    return flights


def _seeds_of_files(folder: Path) -> list[int]:
    return [int(path.stem.rpartition("_")[2]) for path in sorted(folder.glob("*.mcap"))]


@pytest.mark.parametrize("counts", [(3, 5), (5, 3), (3, 5, 4, 8)])
def test_a_folder_that_is_topped_up_holds_what_its_manifest_names(
    tmp_path: Path, flown: list[TeleopFlight], counts: tuple[int, ...]
) -> None:
    for count in counts:
        assert collect_teleop(tmp_path, count, seed=3)["episodes"] == count
    seeds = _seeds_of_files(tmp_path)
    assert read_manifest(tmp_path)["seeds"] == seeds and len(seeds) == len(set(seeds)) == max(counts)
    assert len(flown) == max(counts), "no flight is made twice"
    assert len({flight.draw for flight in flown}) == max(counts)


def test_a_damaged_manifest_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"seeds": [1,')
    with pytest.raises(ConfigError, match=r"manifest\.json is damaged"):
        collect_teleop(tmp_path, 2)


def test_a_folder_of_another_pilot_is_refused(tmp_path: Path) -> None:
    collect_teleop(tmp_path, 2)
    with pytest.raises(ConfigError, match="another pilot"):
        collect_teleop(tmp_path, 2, expert=True)

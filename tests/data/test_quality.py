"""Checks find what is planted and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid_nav.data import messages, open_episode
from liquid_nav.data.quality import check
from liquid_nav.data.recording import RecordingWriter
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand
from tests.data.makers import PERIOD_S, picture, write_episode


def _names(path: Path) -> set[str]:
    return {finding.name for finding in check(open_episode(path, repair=True)).findings}


def test_a_good_episode_has_no_findings_and_true_numbers(tmp_path: Path) -> None:
    quality = check(open_episode(write_episode(tmp_path / "a.mcap")))
    assert quality.findings == []
    assert quality.steps == 80 and quality.rate_hz == pytest.approx(20.0, rel=0.01)
    assert quality.seconds == pytest.approx(79 * PERIOD_S)
    assert quality.path_m == pytest.approx(79 * 0.05, rel=0.01)
    assert quality.labelled == 1.0 and quality.target_in_view == 1.0
    assert quality.nearest_m == pytest.approx(np.hypot(0.5, 12.0 - 79 * 0.05), abs=1e-3)


def _dropped(index: int, values: dict[str, Any]) -> dict[str, Any] | None:
    return None if index % 7 == 3 else values


def _gap(index: int, values: dict[str, Any]) -> dict[str, Any] | None:
    return None if 40 <= index < 58 else values


def _saturated(index: int, values: dict[str, Any]) -> dict[str, Any]:
    return values | {"command": VelocityCommand(2.0 if index % 4 else 1.0)}


def _frozen(index: int, values: dict[str, Any]) -> dict[str, Any]:
    frame = values["frame"]
    return values | {"frame": CameraFrame(picture(30), frame.stamp_s)} if 30 <= index < 50 else values


def _unseen(index: int, values: dict[str, Any]) -> dict[str, Any]:
    return values | {"target_mask": np.zeros((36, 64), dtype=bool)}


def _dark(index: int, values: dict[str, Any]) -> dict[str, Any]:
    frame = values["frame"]
    return values | {"frame": CameraFrame(frame.rgb // 40, frame.stamp_s)}


def _unlabelled(index: int, values: dict[str, Any]) -> dict[str, Any]:
    return values | {"expert": None}


def _behind(index: int, values: dict[str, Any]) -> dict[str, Any]:
    return values | {"target_mask": None, "target_position_enu_m": np.array([0.0, -5.0, 1.5])}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (_dropped, "dropped_frames"), (_gap, "time_gap"), (_saturated, "saturated"), (_frozen, "frozen_camera"),
        (_unseen, "target_never_seen"), (_behind, "target_never_seen"), (_dark, "dark"), (_unlabelled, "no_labels"),
    ],
)  # fmt: skip
def test_each_fault_is_found(tmp_path: Path, change: Any, finding: str) -> None:
    names = _names(write_episode(tmp_path / "a.mcap", change=change))
    assert finding in names
    assert names <= {finding, "dropped_frames"}


def test_short_cut_and_dropping_recordings_are_named(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=20, extra={"dropped": "7"})
    assert _names(path) == {"short", "dropped_messages"}
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged" in _names(path)


def _carried(index: int, values: dict[str, Any]) -> dict[str, Any]:
    """Twice the pilot begins again elsewhere."""
    times, frame, state = index // 30, values["frame"], values["odometry"]
    stamp_s = frame.stamp_s + 3.0 * times
    position = state.position_enu_m + np.array([8.0 * times, 0.0, 0.0])
    odometry = Odometry(stamp_s, position, state.velocity_enu_m_s, state.attitude_xyzw)
    return values | {"frame": CameraFrame(frame.rgb, stamp_s), "odometry": odometry}


def test_beginning_again_elsewhere_is_no_gap_and_no_way(tmp_path: Path) -> None:
    quality = check(open_episode(write_episode(tmp_path / "a.mcap", change=_carried)))
    assert quality.findings == [] and quality.path_m == pytest.approx(77 * 0.05, rel=0.01)


def test_interventions_are_counted(tmp_path: Path) -> None:
    def change(index: int, values: dict[str, Any]) -> dict[str, Any]:
        return values | {"source": "pilot" if 20 <= index < 30 or 50 <= index < 60 else "policy"}

    quality = check(open_episode(write_episode(tmp_path / "a.mcap", change=change)))
    assert quality.interventions == 2 and quality.pilot_share == pytest.approx(0.25)


def _recording(path: Path, stamps_s: list[float], shape: tuple[int, ...] = (36, 64, 3), kind: str = "jpeg") -> Path:
    """What the recorder writes of a flight: images with these stamps, one after the other."""
    kinds = {"/camera/image/compressed": messages.IMAGE, "/odom": messages.ODOMETRY, "/vehicle/cmd_vel": messages.TWIST}
    writer, rng = RecordingWriter(path), np.random.default_rng(3)
    channels = {topic: writer.add_channel(topic, each) for topic, each in kinds.items()}
    for index, stamp_s in enumerate(stamps_s):
        shown = messages.image_message(rng.integers(60, 255, shape).astype(np.uint8), stamp_s, kind)
        state = messages.odometry_message(Odometry(stamp_s, np.array([0.05 * index, 0.0, 2.0]), np.array([1.0, 0, 0])))
        command = messages.command_message(VelocityCommand(0.3 + 0.01 * index), stamp_s)
        for (topic, each), message in zip(kinds.items(), (shown, state, command), strict=True):
            data = bytes(messages.STORE.serialize_cdr(message, each))
            writer.write(channels[topic], round(index * PERIOD_S * 1e9), data, round(stamp_s * 1e9))
    writer.close()
    return path


def test_a_clock_that_jumps_back_is_found_in_a_recording(tmp_path: Path) -> None:
    forward = [10.0 + PERIOD_S * index for index in range(60)]
    assert "time_backwards" not in _names(_recording(tmp_path / "a.mcap", forward))
    assert "time_backwards" in _names(_recording(tmp_path / "b.mcap", forward[30:] + forward[:30]))
    assert "time_backwards" in _names(_recording(tmp_path / "c.mcap", forward[:30] + forward[29:]))


@pytest.mark.parametrize(("shape", "kind"), [((36, 64), "jpeg"), ((36, 64), "png"), ((36, 64, 4), "png")])
def test_images_of_any_channels_are_read_as_rgb(tmp_path: Path, shape: tuple[int, ...], kind: str) -> None:
    path = _recording(tmp_path / "a.mcap", [10.0 + PERIOD_S * index for index in range(60)], shape, kind)
    assert check(open_episode(path)).steps == 60
    assert {step.frame.rgb.shape for step in open_episode(path).steps()} == {(36, 64, 3)}

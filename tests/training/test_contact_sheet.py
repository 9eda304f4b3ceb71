"""What a policy looks at, and when, on the sheet of `liquid-nav explain`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.explain.attention import look
from liquid_nav.perception.source import ImageSource
from liquid_nav.types import CameraFrame
from tests.data.makers import write_episode
from tests.fakes import ScriptedCamera
from training import contact_sheet

COUNT = 8


def _image(index: int) -> np.ndarray:
    """Grass, and a red patch that comes nearer."""
    picture = np.full((144, 256, 3), (70, 110, 60), dtype=np.uint8)
    picture[60 - 4 * index : 80 + 4 * index, 120 - 4 * index : 140 + 4 * index] = (190, 30, 40)
    return picture


def _video(path: Path, rate_hz: float, count: int = COUNT) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, (256, 144))
    for index in range(count):
        writer.write(_image(index)[..., ::-1])
    writer.release()
    return path


def _episode(path: Path, rate_hz: float) -> Path:
    def change(index: int, values: dict[str, Any]) -> dict[str, Any]:
        stamp_s = 10.0 + index / rate_hz
        odometry = replace(values["odometry"], stamp_s=stamp_s)
        return {**values, "frame": CameraFrame(_image(index), stamp_s), "odometry": odometry}

    return write_episode(path, COUNT, change)


def test_a_policy_is_told_when_each_image_was_captured_and_takes_them_one_by_one() -> None:
    policy, asked = load_policy(), 0

    def images() -> Iterator[tuple[np.ndarray, float]]:
        nonlocal asked
        for index in range(COUNT):
            asked += 1
            yield cv2.resize(_image(index), (1280, 720)), 5.0 + 0.2 * index

    seen, state = look(policy, images()), None
    for index in range(COUNT):
        picture, command = next(seen)
        assert asked == index + 1
        assert picture.shape == (policy.config.image_height_px, policy.config.image_width_px, 3)
        large = cv2.resize(_image(index), (1280, 720))
        wanted, state = policy.step(large, 0.05 if index == 0 else 0.2, state)
        assert command.as_array() == pytest.approx(wanted.as_array(), abs=1e-6)


@pytest.mark.parametrize(("make", "name"), [(_video, "flight.avi"), (_episode, "flight.mcap")])
def test_the_sheet_shows_the_commands_of_the_times_that_the_source_tells(make: Any, name: str, tmp_path: Path) -> None:
    sheets = []
    for rate_hz in (20.0, 5.0):
        source, out = tmp_path / name, tmp_path / f"{rate_hz}.png"
        source.unlink(missing_ok=True)
        assert contact_sheet.draw_attention_sheet(str(make(source, rate_hz)), out, None, COUNT) == COUNT
        sheets.append(cv2.imread(str(out)))
    assert sheets[0].shape == sheets[1].shape and not np.array_equal(*sheets)


@pytest.mark.parametrize("live", [False, True])
def test_a_source_that_gives_no_image_is_named(live: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = ScriptedCamera([])

    def open_silent(name: str) -> ImageSource:
        return camera

    source = "0" if live else str(_video(tmp_path / "empty.avi", 10.0, 0))
    if live:
        monkeypatch.setattr("liquid_nav.perception.source.SILENCE_S", 0.05)
        monkeypatch.setattr(contact_sheet, "open_source", open_silent)
    with pytest.raises(ConfigError, match=rf"{source} gave no image: give an episode, video"):
        contact_sheet.draw_attention_sheet(source, tmp_path / "attention.png", None, 4)
    assert camera.closed == live and not (tmp_path / "attention.png").exists()

"""The contact sheets: one command draws them, and the documentation shows every one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from sim_worlds.scene import Renderer
from training import world_sheets

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_documentation_shows_every_sheet_and_no_other() -> None:
    drawn = {file.stem for file in (DOCS / "worlds").iterdir()}
    pages = "".join(page.read_text() for page in DOCS.glob("*.md"))
    assert drawn == set(world_sheets.SHEETS)
    assert all(f"](worlds/{name}.jpg)" in pages for name in drawn)


def test_the_command_writes_each_sheet_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(renderer: Renderer) -> world_sheets.Picture:
        return np.hstack([world_sheets.look("snowfield", seed, renderer, str(seed)) for seed in (1, 2)])

    monkeypatch.setattr(world_sheets, "SHEETS", {"pair": two})
    assert world_sheets.draw_world_sheets(tmp_path) == [tmp_path / "pair.jpg"]
    picture = cv2.imread(str(tmp_path / "pair.jpg"))
    width, height = world_sheets.TILE
    assert picture.shape[1] == 2 * width and picture.shape[0] > height
    left, right = picture[30:, :width].astype(int), picture[30:, width:].astype(int)
    assert picture.std() > 10 and np.abs(left - right).mean() > 5, "two worlds are to be seen"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_sheets, "SHEETS", {"grey": lambda _: np.zeros((8, 8, 3), np.uint8)})
    with pytest.raises(ConfigError, match="no/such"):
        world_sheets.draw_world_sheets(tmp_path / "no" / "such", "tiny")

"""A picture that is reported as written is there, whole; otherwise the reason is told."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_nav.errors import ConfigError
from tests.fakes import empty_scene
from training.map_view import save_path_picture
from training.pictures import save_picture

NOISE = np.random.default_rng(0).integers(0, 256, (90, 160, 3)).astype(np.uint8)


def _save_map(path: Path) -> None:
    way = [np.array([east_m, 0.0, 1.5]) for east_m in (0.0, 5.0)]
    save_path_picture(empty_scene(), way, way, path)


@pytest.mark.parametrize("name", ["a.png", "a.JPG"])
def test_a_picture_is_written_in_its_colours(name: str, tmp_path: Path) -> None:
    red = np.full((16, 24, 3), (200, 20, 10), dtype=np.uint8)
    assert save_picture(red, tmp_path / name) == tmp_path / name
    read = cv2.imread(str(tmp_path / name))[..., ::-1]
    assert read.shape == red.shape and np.abs(read.astype(int) - red).max() < 8
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_full_disk_is_told_and_the_earlier_picture_stays(name: str, tmp_path: Path) -> None:
    save_picture(NOISE[:4, :4], tmp_path / name)
    before = (tmp_path / name).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(ConfigError, match=rf"{name} cannot be written .* free some space"):
            save_picture(NOISE, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("save", [lambda path: save_picture(NOISE, path), _save_map], ids=["picture", "map"])
def test_a_folder_of_the_pictures_name_is_refused(save: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "path.png").mkdir()
    with pytest.raises(ConfigError, match=r"path\.png cannot be written .* choose another name"):
        save(tmp_path / "path.png")
    assert [file.name for file in tmp_path.iterdir()] == ["path.png"]


@pytest.mark.parametrize("size", [(1, 70_000), (0, 8)])
def test_a_size_that_the_kind_of_file_cannot_hold_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"a\.jpg cannot hold {size[1]} x {size[0]} pixels: use a \.png"):
        save_picture(np.zeros((*size, 3), dtype=np.uint8), tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())

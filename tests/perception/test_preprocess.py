"""One preprocessing for training and flight."""

from __future__ import annotations

from contextlib import closing

import cv2
import numpy as np
import pytest
import torch

from liquid_nav.errors import ConfigError
from liquid_nav.perception.preprocess import NOISE_LEFT, denoise, noise_of, normalise, prepare, resize, to_tensor
from liquid_nav.perception.source import open_source
from sim_worlds.world import make_world


def test_pixels_map_to_minus_one_to_one() -> None:
    tensor = to_tensor(np.array([[[0, 255, 128]]], dtype=np.uint8))
    assert tensor.shape == (3, 1, 1)
    assert torch.allclose(tensor.flatten(), torch.tensor([-1.0, 1.0, 0.00392]), atol=1e-4)


def test_images_in_a_batch_are_normalised_as_one_alone_is_and_stay_as_they_were() -> None:
    greys = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    batch = torch.from_numpy(greys.copy())
    assert torch.equal(normalise(batch.permute(0, 3, 1, 2)), to_tensor(greys))
    assert np.array_equal(batch.numpy(), greys)


def test_resizing_keeps_angles_by_cropping() -> None:
    square = np.zeros((200, 200, 3), dtype=np.uint8)
    square[:, 90:110] = 255
    small = resize(square, 64, 32)
    white = np.flatnonzero(small[16, :, 0] > 127)
    assert small.shape == (32, 64, 3)
    assert white.mean() == pytest.approx(31.5, abs=1.0)
    assert len(white) == pytest.approx(6.4, abs=1.5)


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1080, 1919), (300, 520), (200, 333), (90, 160)])
def test_a_large_image_is_averaged_over_its_pixels(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    coarse = cv2.resize(rng.integers(0, 256, (9, 16, 3)).astype(np.uint8), size[::-1], interpolation=cv2.INTER_CUBIC)
    noisy = np.clip(coarse + rng.normal(0.0, 6.0, coarse.shape), 0, 255).astype(np.uint8)
    ratio = min(size[1] / 64, size[0] / 36)
    height, width = round(36 * ratio), round(64 * ratio)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    exact = cv2.resize(noisy[top : top + height, left : left + width], (64, 36), interpolation=cv2.INTER_AREA)
    assert np.abs(resize(noisy, 64, 36).astype(float) - exact).mean() < 3.5


def _noisy(noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    clean = cv2.resize(rng.integers(60, 196, (9, 16, 3)).astype(np.uint8), (256, 144), interpolation=cv2.INTER_CUBIC)
    return clean, np.clip(clean + rng.normal(0.0, noise, clean.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [15.0, 30.0, 45.0])
def test_noise_is_measured_and_brought_down_to_what_the_policy_knows(noise: float) -> None:
    clean, noisy = _noisy(noise)
    assert noise_of(noisy) == pytest.approx(noise, rel=0.1)
    left = (denoise(noisy).astype(float) - clean).std()
    assert left < min(1.4 * NOISE_LEFT, 0.75 * noise)
    assert np.array_equal(prepare(noisy, 256, 144), denoise(noisy))


@pytest.mark.parametrize("noise", [0.0, 4.0, 8.0])
def test_an_image_with_little_noise_is_left_as_it_is(noise: float) -> None:
    noisy = _noisy(noise)[1]
    assert denoise(noisy) is noisy
    assert denoise(noisy[:1, :1]) is not None, "even of one pixel"


@pytest.mark.parametrize("name", ["forest", "city", "snowfield", "warehouse", "construction"])
def test_clean_images_of_the_worlds_are_left_as_they_are(name: str) -> None:
    with closing(make_world(name, 1_000_017, renderer="tiny")) as world:
        rgb = world.camera_frame().rgb
    assert noise_of(rgb) < 4.0 and denoise(rgb) is rgb


def test_an_image_of_the_right_size_is_left_alone() -> None:
    image = np.random.default_rng(1).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    assert resize(image, 64, 48) is image


def test_a_folder_of_pictures_is_a_source(tmp_path) -> None:
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((90, 160, 3), 40 * index, dtype=np.uint8))
    source = open_source(str(tmp_path))
    shots = [source.read(80) for _ in range(4)]
    assert [None if shot is None else shot.rgb.shape for shot in shots] == [(45, 80, 3)] * 3 + [None]
    assert [int(shot.rgb.mean()) for shot in shots[:3]] == [0, 40, 80]
    assert [shot.taken_s for shot in shots[:3]] == [0.0, 0.05, 0.1]


@pytest.mark.parametrize("name", ["/no/such/video.mp4", ""])
def test_a_missing_source_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="camera source"):
        open_source(name)

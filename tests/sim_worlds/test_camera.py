"""The camera delivers what its settings say: nothing more, and the same for the same seed."""

from __future__ import annotations

import time
from itertools import pairwise

import cv2
import numpy as np
import pytest

from liquid_nav.errors import WorldError
from liquid_nav.types import CameraFrame
from sim_worlds.camera import CAMERAS, Camera, CameraConfig, named_camera
from sim_worlds.config import from_mapping
from sim_worlds.scene import RenderedImage

STILL = np.zeros(3)
TURNING = np.array([0.2, 0.3, 1.4])


def _scene(camera: Camera, seed: int = 0) -> RenderedImage:
    """A smooth coloured pattern of the size that the camera wants drawn."""
    view = camera.view(STILL, np.eye(3), STILL, 0.0)
    small = np.random.default_rng(seed).integers(40, 200, (8, 12, 3), dtype=np.uint8)
    rgb = cv2.resize(small, (view.width_px, view.height_px), interpolation=cv2.INTER_CUBIC)
    categories = (rgb[..., 0] // 64).astype(np.uint8)
    return RenderedImage(np.ascontiguousarray(rgb), categories, rgb[..., 1].astype(np.float32))


def _taken(config: CameraConfig, stamp_s: float = 0.0, turning: np.ndarray = STILL, seed: int = 1) -> np.ndarray:
    camera = Camera(config, seed)
    return camera.develop(_scene(camera), stamp_s, turning).rgb


def test_a_clean_camera_hands_on_what_was_drawn_without_a_copy() -> None:
    camera = Camera(CameraConfig())
    drawn = _scene(camera)
    assert camera.develop(drawn, 1.0, TURNING) is drawn


@pytest.mark.parametrize("name", CAMERAS)
def test_same_seed_and_calls_give_the_same_bytes(name: str) -> None:
    def images(seed: int) -> list[bytes]:
        camera = Camera(CAMERAS[name], seed)
        drawn = _scene(camera)
        return [camera.develop(drawn, 0.05 * step, TURNING).rgb.tobytes() for step in range(4)]

    assert images(7) == images(7)
    config = CAMERAS[name]
    if config.read_noise or config.exposure_drift_stops:
        assert images(7) != images(8)


def test_a_second_look_at_the_same_moment_changes_nothing() -> None:
    camera = Camera(CAMERAS["cheap-drone"], 3)
    drawn = _scene(camera)
    camera.develop(drawn, 0.0, STILL)
    first = camera.develop(drawn, 0.5, STILL).rgb
    assert (camera.develop(drawn, 0.5, STILL).rgb == first).all()


@pytest.mark.parametrize("size", [(16, 16), (97, 55), (640, 480)])
@pytest.mark.parametrize("name", ["clean", "cheap-drone", "wide"])
def test_images_have_the_size_asked_for(name: str, size: tuple[int, int]) -> None:
    camera = Camera(named_camera(name, size), 0)
    image = camera.develop(_scene(camera), 0.0, TURNING)
    assert image.rgb.shape == (size[1], size[0], 3) and image.rgb.dtype == np.uint8
    assert image.categories.shape == (size[1], size[0]) and image.categories.dtype == np.uint8
    assert image.depth_m is not None and image.depth_m.shape == (size[1], size[0])


def test_read_noise_has_the_deviation_asked_for() -> None:
    config = CameraConfig(read_noise=15.0)
    clean, noisy = _taken(CameraConfig()).astype(float), _taken(config).astype(float)
    middle = (clean > 80) & (clean < 175)
    assert (noisy - clean)[middle].std() == pytest.approx(15.0, rel=0.05)


def test_shot_noise_grows_with_the_light() -> None:
    camera = Camera(CameraConfig(shot_noise=20.0), 1)
    rgb = np.full((144, 256, 3), 40, np.uint8)
    rgb[:, 128:] = 160
    noisy = camera.develop(RenderedImage(rgb, rgb[..., 0]), 0.0, STILL).rgb
    assert noisy[:, 128:].std() == pytest.approx(2.0 * noisy[:, :128].std(), rel=0.1)


def test_noise_differs_from_frame_to_frame() -> None:
    config = CameraConfig(read_noise=15.0)
    assert (_taken(config, 0.0) != _taken(config, 0.05)).mean() > 0.9


def test_brightness_contrast_and_saturation_do_what_they_say() -> None:
    clean = _taken(CameraConfig()).astype(float)
    assert (_taken(CameraConfig(brightness=0.2)) - clean)[clean < 200].mean() == pytest.approx(51.0, abs=1.0)
    assert _taken(CameraConfig(contrast=0.75)).std() == pytest.approx(0.75 * clean.std(), rel=0.02)
    grey = _taken(CameraConfig(saturation=0.0))
    assert np.ptp(grey, axis=2).max() <= 1


def test_compression_loses_detail_and_keeps_colours_in_place() -> None:
    clean, coarse = _taken(CameraConfig()).astype(float), _taken(CameraConfig(jpeg_quality=10)).astype(float)
    assert 0.5 < np.abs(coarse - clean).mean() < 15.0
    assert np.abs(coarse.mean((0, 1)) - clean.mean((0, 1))).max() < 4.0


def test_vignetting_darkens_corners_alone() -> None:
    clean, dark = (_taken(config).astype(float) for config in (CameraConfig(), CameraConfig(vignetting=0.75)))
    assert dark[0, 0].mean() == pytest.approx(0.5 * clean[0, 0].mean(), rel=0.03)
    assert dark[72, 128].mean() == pytest.approx(clean[72, 128].mean(), abs=1.0)


def test_exposure_and_white_balance_wander_slowly_and_stay_in_range() -> None:
    config = CameraConfig(exposure_drift_stops=0.5, white_balance_drift=0.1, drift_time_s=1.0)
    camera = Camera(config, 5)
    drawn = RenderedImage(np.full((144, 256, 3), 100, np.uint8), np.zeros((144, 256), np.uint8))
    grey = np.array([camera.develop(drawn, 0.05 * step, STILL).rgb[0, 0] for step in range(1200)], dtype=float)
    stops = 2.0 * np.log2(grey[:, 1] / 100.0)
    assert 0.3 < stops.std() < 0.7
    assert np.abs(np.diff(stops)).max() < 0.6
    assert (grey[:, 0] / grey[:, 1]).std() == pytest.approx(0.1, abs=0.05)


def test_automatic_exposure_follows_a_change_of_light_with_a_lag() -> None:
    camera = Camera(CameraConfig(auto_exposure_lag_s=0.5), 0)
    bright, dark = (
        RenderedImage(np.full((144, 256, 3), grey, np.uint8), np.zeros((144, 256), np.uint8)) for grey in (140, 70)
    )
    settled = camera.develop(bright, 0.0, STILL).rgb.mean()
    means = [camera.develop(dark, 0.05 * step, STILL).rgb.mean() for step in range(1, 80)]
    assert means[0] < 0.6 * settled < 0.95 * settled < means[-1]
    assert all(later >= before for before, later in pairwise(means))


@pytest.mark.parametrize("seed", range(3))
def test_late_frames_arrive_in_order_and_keep_their_stamps(seed: int) -> None:
    camera = Camera(CameraConfig(latency_s=0.1, latency_jitter_s=0.08), seed)
    picture = np.zeros((2, 2, 3), np.uint8)
    seen = []
    for step in range(200):
        now = 0.05 * step
        camera.send(CameraFrame(picture, now))
        frame = camera.receive(now)
        if frame is not None:
            seen.append((frame.stamp_s, now - frame.stamp_s))
    stamps, ages = (np.array(values) for values in zip(*seen, strict=True))
    assert (np.diff(stamps) > 0).all()
    assert 0.1 < ages.mean() < 0.2 and len(stamps) > 80


def test_lost_frames_are_lost_as_often_as_asked() -> None:
    camera = Camera(CameraConfig(drop_probability=0.3), 2)
    picture = np.zeros((2, 2, 3), np.uint8)
    arrived = 0
    for step in range(2000):
        camera.send(CameraFrame(picture, 0.05 * step))
        arrived += camera.receive(0.05 * step) is not None
    assert arrived / 2000 == pytest.approx(0.7, abs=0.03)


def test_a_frame_is_received_once() -> None:
    camera = Camera(CameraConfig())
    camera.send(CameraFrame(np.zeros((2, 2, 3), np.uint8), 0.0))
    assert camera.receive(0.0) is not None and camera.receive(0.0) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width_px": 8}, "width_px is 8: use 16 to 4096"),
        ({"height_px": 20.5}, "height_px is 20.5"),
        ({"horizontal_fov_rad": 3.0}, "horizontal_fov_rad is 3.0: use 0.2 to 2.6"),
        ({"read_noise": float("nan")}, "read_noise is nan"),
        ({"read_noise": "much"}, "read_noise is 'much'"),
        ({"jpeg_quality": 0}, "jpeg_quality is 0: use 1 to 100"),
        ({"drop_probability": 1.0}, "drop_probability is 1.0: use 0 to 0.95"),
        ({"zoom": 2}, "CameraConfig has no 'zoom': use width_px"),
    ],
)
def test_settings_out_of_range_are_refused_with_their_cure(values: dict[str, object], message: str) -> None:
    with pytest.raises(WorldError, match=message):
        from_mapping(CameraConfig, values)


def test_an_unknown_camera_is_answered_with_the_known_ones() -> None:
    with pytest.raises(WorldError, match="'webcm': use one of clean, webcam, cheap-drone"):
        named_camera("webcm")


def test_a_poor_camera_costs_little() -> None:
    camera = Camera(CAMERAS["cheap-drone"], 1)
    drawn = _scene(camera)
    camera.develop(drawn, 0.0, TURNING)
    times = []
    for step in range(20):
        begun = time.process_time()
        camera.develop(drawn, 0.05 * (step + 1), TURNING)
        times.append(time.process_time() - begun)
    assert np.median(times) < 0.006, "3 ms on an idle core, twice that allowed here"

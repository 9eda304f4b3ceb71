"""Lenses measured from a chessboard, and the files that describe them."""

import math

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_nav.errors import ConfigError
from liquid_nav.perception.calibration import (
    Calibration,
    calibrate,
    find_chessboard,
    load_calibration,
    save_calibration,
)

COLUMNS, ROWS, SQUARE_M = 8, 5, 0.03
TRUE = Calibration(
    640, 400, np.array([[420.0, 0.0, 322.0], [0.0, 424.0, 196.0], [0.0, 0.0, 1.0]]),
    np.array([-0.25, 0.08, 0.001, -0.001, 0.0]),
)  # fmt: skip


def view(turn, shift_m):
    """A picture of a board as the true lens sees it."""
    squares = np.kron(np.indices((ROWS + 1, COLUMNS + 1)).sum(0) % 2, np.ones((60, 60))) * 255
    sheet = np.pad(squares, 60, constant_values=255).astype(np.uint8)
    height, width = sheet.shape
    undistorted = cv2.undistortPoints(
        np.indices((TRUE.height_px, TRUE.width_px))[::-1].reshape(2, -1).T.astype(np.float64).reshape(-1, 1, 2),
        TRUE.matrix, TRUE.distortion,
    ).reshape(-1, 2)  # fmt: skip
    rays = np.hstack([undistorted, np.ones((len(undistorted), 1))])
    rotation, _ = cv2.Rodrigues(np.array(turn))
    normal, origin = rotation[:, 2], np.array(shift_m)
    distance = (normal @ origin) / (rays @ normal)
    on_board = (rays * distance[:, None] - origin) @ rotation / SQUARE_M * 60.0
    place = (on_board[:, :2] + [width / 2, height / 2]).astype(np.float32).reshape(TRUE.height_px, TRUE.width_px, 2)
    grey = cv2.remap(sheet, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderValue=255)
    return np.repeat(grey[..., None], 3, axis=2)


VIEWS = [
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.36)), ((0.5, 0.1, 0.0), (-0.05, 0.02, 0.4)), ((-0.5, 0.2, 0.1), (0.06, 0.0, 0.4)),
    ((0.1, 0.5, 0.0), (0.05, 0.04, 0.38)), ((0.1, -0.5, 0.2), (-0.06, -0.04, 0.42)),
    ((0.3, 0.3, -0.2), (0.0, 0.05, 0.5)), ((-0.3, 0.4, 0.3), (0.08, -0.05, 0.45)),
    ((0.2, -0.3, -0.1), (-0.1, 0.06, 0.48)),
]  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    return calibrate((view(*each) for each in VIEWS), COLUMNS, ROWS, SQUARE_M, "front")


def test_a_lens_is_measured_from_pictures_of_a_chessboard(measured):
    assert measured.views >= 6 and measured.error_px < 0.5
    assert np.diag(measured.matrix)[:2] == pytest.approx(np.diag(TRUE.matrix)[:2], rel=0.02)
    assert measured.matrix[:2, 2] == pytest.approx(TRUE.matrix[:2, 2], abs=8.0)
    assert measured.distortion[0] == pytest.approx(-0.25, abs=0.06)


def test_a_calibration_survives_its_file(measured, tmp_path):
    save_calibration(measured, tmp_path / "lenses" / "front.yaml")
    again = load_calibration(tmp_path / "lenses" / "front.yaml")
    assert (again.width_px, again.height_px, again.name) == (640, 400, "front")
    assert np.allclose(again.matrix, measured.matrix) and np.allclose(again.distortion, measured.distortion)


def test_a_calibration_scales_with_the_image_and_not_to_another_shape():
    half = TRUE.scaled(320, 200)
    assert half.matrix[0, 0] == pytest.approx(210.0)
    assert half.matrix[0, 2] == pytest.approx(0.5 * (322.0 + 0.5) - 0.5)
    assert half.horizontal_fov_rad == pytest.approx(TRUE.horizontal_fov_rad, rel=0.01)
    with pytest.raises(ConfigError, match="calibrate the camera at the size"):
        TRUE.scaled(320, 240)


def test_too_few_views_say_what_to_do():
    with pytest.raises(ConfigError, match=r"whole in 1 of 2 pictures: show it in at least 6"):
        calibrate([view(*VIEWS[0]), np.zeros((400, 640, 3), np.uint8)], COLUMNS, ROWS, SQUARE_M)
    assert find_chessboard(np.zeros((400, 640, 3), np.uint8), COLUMNS, ROWS) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"image_width": 0}, "image_width"),
        ({"image_height": "tall"}, "image_height"),
        ({"camera_matrix": {"data": [1.0, 2.0]}}, "camera_matrix"),
        ({"camera_matrix": {"data": [0.0] * 9}}, "no positive focal lengths"),
        ({"distortion_coefficients": {"data": [math.nan] * 5}}, "distortion_coefficients"),
        ({"distortion_model": "equidistant"}, "equidistant"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, change, says):
    file = tmp_path / "lens.yaml"
    save_calibration(TRUE, file)
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | change))
    with pytest.raises(ConfigError, match=says):
        load_calibration(file)


KEYS = st.sampled_from(
    ["image_width", "image_height", "camera_matrix", "distortion_coefficients", "distortion_model", "data"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=9), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), VALUES.map(lambda value: yaml.dump(value).encode(errors="replace"))))
def test_any_file_is_read_or_refused_in_one_line(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content)
    try:
        load_calibration(file)
    except ConfigError as error:
        assert "\n" not in str(error)

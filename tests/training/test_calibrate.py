"""The command that measures a lens."""

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from liquid_nav.errors import ConfigError
from liquid_nav.perception.calibration import load_calibration
from tests.perception.test_calibration import COLUMNS, ROWS, SQUARE_M, VIEWS, view
from training.calibrate import calibrate_camera
from training.cli import app


def test_a_folder_of_views_becomes_a_calibration_file(tmp_path):
    for index, each in enumerate([VIEWS[0], *VIEWS, VIEWS[1]]):
        cv2.imwrite(str(tmp_path / f"{index}.png"), view(*each))
    out = tmp_path / "camera.yaml"
    board = ["--board", f"{COLUMNS}x{ROWS}", "--square", str(SQUARE_M)]
    result = CliRunner().invoke(app, ["calibrate", str(tmp_path), *board, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.output.splitlines()[-1])
    assert facts["views"] == len(VIEWS)  # the same view twice counts once
    assert load_calibration(out).matrix[0, 0] == pytest.approx(420.0, rel=0.02)


@pytest.mark.parametrize("board", ["8", "8x", "2x5", "ax5", "8x-5"])
def test_a_board_that_is_none_is_refused(tmp_path, board):
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((90, 160, 3), np.uint8))
    with pytest.raises(ConfigError, match="board is"):
        calibrate_camera(str(tmp_path), board, 0.03, tmp_path / "c.yaml", 6, "camera")

"""The eye with and without its context and its gaze."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig
from liquid_nav.policy.encoder import Pointwise
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.onnx_export import export_onnx

PLAIN = PolicyConfig()
WIDE = replace(PLAIN, context_channels=8)
GAZING = replace(WIDE, gaze_cells=4)
ROWS, COLUMNS = 18, 32
X, Y, SPREAD_X, SPREAD_Y, AREA, STRENGTH, FULLNESS = range(GAZE_FEATURES)


def _reach_px(config: PolicyConfig) -> int:
    """Return how many columns of the image decide the attention of one cell in its middle."""
    torch.manual_seed(0)
    encoder = LiquidPolicyNetwork(config).encoder
    if encoder.context is not None:
        torch.nn.init.normal_(encoder.context.wide[-1].weight)
    images = torch.rand(1, 3, 144, 256, requires_grad=True)
    encoder(images).target_logits[0, 9, 16].backward()
    assert images.grad is not None
    columns = torch.nonzero(images.grad.abs().sum(dim=(0, 1, 2))).flatten()
    return int(columns[-1] - columns[0]) + 1


def test_a_cell_sees_33_pixels_and_113_with_context() -> None:
    assert 25 <= _reach_px(PLAIN) <= 33
    assert 80 <= _reach_px(WIDE) <= 113


def test_a_pointwise_convolution_is_a_convolution() -> None:
    torch.manual_seed(0)
    pointwise, maps = Pointwise(8, 5), torch.rand(2, 8, 6, 4)
    usual = torch.nn.functional.conv2d(maps, pointwise.weight, pointwise.bias)
    assert torch.allclose(pointwise(maps), usual, atol=1e-6)


@pytest.mark.parametrize("config", [WIDE, GAZING])
def test_a_policy_with_context_is_exported(config: PolicyConfig, tmp_path: Path) -> None:
    network = LiquidPolicyNetwork(config).eval()
    torch.nn.init.normal_(network.encoder.context.wide[-1].weight, std=0.1)  # type: ignore[union-attr,arg-type]
    save_policy(network, tmp_path, name="wide", training={}, card="")
    assert export_onnx(load_policy(tmp_path), tmp_path / "policy.onnx") < 1e-4


def test_a_negative_context_is_refused() -> None:
    with pytest.raises(ConfigError, match="context_channels is -1: use 0 to 1024"):
        PolicyConfig(context_channels=-1)


def _blob(top: int, left: int, size: int, value: float = 1.0) -> torch.Tensor:
    """Return maps (1, rows, columns) of zeros with a square of a value."""
    maps = torch.zeros(1, ROWS, COLUMNS)
    maps[0, top : top + size, left : left + size] = value
    return maps


def _gaze(logits: torch.Tensor, fill: torch.Tensor) -> torch.Tensor:
    """Return what the gaze makes of an attention and of cells that are filled (1) or not (0)."""
    return LiquidPolicyNetwork(GAZING).encoder._gaze(logits, torch.logit(fill, eps=1e-6))[0]


def test_the_gaze_reads_the_size_of_the_target_and_nothing_else_that_is_red() -> None:
    pack, car = _blob(8, 6, 2), _blob(8, 20, 8)
    alone = _gaze(6.0 * pack, pack)
    assert torch.equal(_gaze(6.0 * pack + 5.0 * car, pack + car), alone)
    assert alone[AREA] == pytest.approx(0.25 * float(torch.log(torch.tensor(4.02))), abs=1e-4)
    assert alone[FULLNESS] == pytest.approx(1.0, abs=1e-5) and alone[X] < -0.4 and abs(float(alone[Y])) < 0.1


def test_what_draws_the_attention_and_fills_nothing_is_not_looked_at() -> None:
    pack, wheel = _blob(8, 6, 2), _blob(10, 24, 1)
    assert _gaze(5.0 * pack + 7.0 * wheel, pack)[X] < -0.4


def test_a_target_twice_as_far_has_a_quarter_of_the_area_and_half_the_spread() -> None:
    near, far = (_gaze(9.0 * blob, blob) for blob in (_blob(6, 12, 4), _blob(7, 13, 2)))
    assert float(near[AREA] - far[AREA]) == pytest.approx(0.25 * float(torch.log(torch.tensor(4.0))), abs=0.01)
    assert float(near[SPREAD_X] / far[SPREAD_X]) == pytest.approx(2.2, abs=0.1)  # of cells, whose middles are counted
    assert float(near[SPREAD_Y] / far[SPREAD_Y]) == pytest.approx(2.2, abs=0.1)
    assert near[STRENGTH] == far[STRENGTH]


def test_the_gaze_reaches_the_corners_of_the_image() -> None:
    corner = _blob(0, 30, 2)
    found = _gaze(9.0 * corner, corner)
    assert found[X] > 0.9 and found[Y] < -0.9 and torch.isfinite(found).all()


def test_what_the_target_fills_is_not_learned_from_commands() -> None:
    network = LiquidPolicyNetwork(GAZING)
    network.encoder(torch.rand(2, 3, 144, 256)).features.square().sum().backward()
    assert network.encoder.fill is not None and network.encoder.fill.weight.grad is None
    assert network.encoder.attention.weight.grad is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gaze_cells": -1}, "gaze_cells is -1: use 0 to 64"),
        ({"features": 7, "gaze_cells": 4}, "features is 7: use more than 7"),
    ],
)
def test_an_impossible_gaze_is_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PolicyConfig(**changes)  # type: ignore[arg-type]

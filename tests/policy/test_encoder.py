"""The eye with and without its context."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from liquid_nav import load_policy
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import save_policy
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.onnx_export import export_onnx

PLAIN = PolicyConfig()
WIDE = replace(PLAIN, context_channels=8)


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


def test_a_policy_with_context_is_exported(tmp_path: Path) -> None:
    network = LiquidPolicyNetwork(WIDE).eval()
    torch.nn.init.normal_(network.encoder.context.wide[-1].weight, std=0.1)  # type: ignore[union-attr,arg-type]
    save_policy(network, tmp_path, name="wide", training={}, card="")
    assert export_onnx(load_policy(tmp_path), tmp_path / "policy.onnx") < 1e-4


def test_a_negative_context_is_refused() -> None:
    with pytest.raises(ConfigError, match="context_channels is -1: use 0 to 1024"):
        PolicyConfig(context_channels=-1)

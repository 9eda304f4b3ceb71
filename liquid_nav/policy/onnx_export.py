"""A policy as one ONNX file: one step of the whole network, for runtimes without PyTorch.

Inputs: ``rgb`` uint8 (1, height, width, 3) as :func:`liquid_nav.perception.preprocess.prepare` makes it, ``elapsed_s``
float32 (1,), ``state`` float32 (1, state), zeros at the start of a flight. Outputs: ``command`` float32 (1, 4) forward,
left, up (m/s), yaw rate (rad/s), ``new_state``, and ``attention`` float32 (1, rows, columns), which sums to one.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from liquid_nav.errors import PolicyError
from liquid_nav.perception.preprocess import normalise
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.runtime import Policy

TOLERANCE = 1e-4
CHECKS = 5


class _Step(nn.Module):
    def __init__(self, network: LiquidPolicyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, rgb: Tensor, elapsed_s: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        images = normalise(rgb.permute(0, 3, 1, 2))
        output = self.network(images.unsqueeze(1), elapsed_s.unsqueeze(1), state)
        logits = output.target_logits[:, 0]
        attention = torch.softmax(logits.flatten(1), dim=1).view_as(logits)
        return output.commands[:, 0], output.state, attention


def export_onnx(policy: Policy, path: Path) -> float:
    """Write a policy as ONNX and compare it with the original on random images; what fails leaves nothing behind.

    Returns:
        The largest difference between the two in a command (m/s, rad/s), a value of the state or the attention.

    Raises:
        PolicyError: when the file cannot be written or its answers differ.
    """
    config = policy.config
    step = _Step(policy.network).eval()
    rgb = torch.zeros(1, config.image_height_px, config.image_width_px, 3, dtype=torch.uint8)
    example = (rgb, torch.full((1,), 0.05), torch.zeros(1, policy.network.head.state_size))
    part = path.with_name(path.name + ".part")
    try:
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns about a package that nobody needs here
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                step,
                example,
                str(part),
                input_names=["rgb", "elapsed_s", "state"],
                output_names=["command", "new_state", "attention"],
                external_data=False,
                verbose=False,
            )
        difference = _compare(step, part, example)
        if not difference <= TOLERANCE:  # NaN is no answer
            raise PolicyError(f"the exported policy differs by {difference:.2g} from the original: it was not kept")
        part.replace(path)
        return difference
    except OSError as error:
        raise PolicyError(f"{path} cannot be written ({error}): choose a folder you may write to") from error
    finally:
        with suppress(OSError):
            part.unlink()


@torch.inference_mode()
def _compare(step: _Step, path: Path, example: tuple[Tensor, Tensor, Tensor]) -> float:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    state, their_state = example[2], example[2].numpy()
    worst = 0.0
    for _ in range(CHECKS):
        rgb = rng.integers(0, 256, tuple(example[0].shape)).astype(np.uint8)
        elapsed = rng.uniform(0.01, 0.2, 1).astype(np.float32)
        ours = step(torch.from_numpy(rgb), torch.from_numpy(elapsed), state)
        theirs = session.run(None, {"rgb": rgb, "elapsed_s": elapsed, "state": their_state})
        for one, other in zip(ours, theirs, strict=True):
            worst = float(np.maximum(worst, np.abs(one.numpy() - other).max()))  # NaN stays; max() would drop it
        state, their_state = ours[1], theirs[1]
    return worst

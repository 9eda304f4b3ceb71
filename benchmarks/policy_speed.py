"""One policy step on one core, in PyTorch and in ONNX Runtime side by side, and one step of every model's head.

``python -m benchmarks.policy_speed [POLICY]``

Times are processor time of this thread, which other programs disturb less than wall time; the wall time's median stands
beside them. Targets: p99 under 4 ms in PyTorch, under 2 ms in ONNX Runtime, commands equal to 1e-4.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.pictures import smooth_pictures
from liquid_nav import load_policy
from liquid_nav.perception.preprocess import prepare, to_tensor
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.policy.onnx_export import export_onnx
from liquid_nav.policy.runtime import Policy

CAMERA_PX = (480, 640)
WARM_UP, STEPS, HEAD_STEPS = 50, 1000, 300
ELAPSED_S = 0.05
Step = Callable[[int], object]


def measure(step: Step, steps: int = STEPS) -> tuple[float, float, float]:
    """Return median and 99th percentile of the processor time, and the median wall time, in ms."""
    for number in range(WARM_UP):
        step(number)
    cpu, wall = [], []
    for number in range(steps):
        began, began_wall = time.thread_time_ns(), time.perf_counter_ns()
        step(number)
        cpu.append(1e-6 * (time.thread_time_ns() - began))
        wall.append(1e-6 * (time.perf_counter_ns() - began_wall))
    return float(np.percentile(cpu, 50)), float(np.percentile(cpu, 99)), float(np.percentile(wall, 50))


def torch_steps(policy: Policy, frames: list[np.ndarray]) -> dict[str, Step]:
    """Return the whole step in PyTorch, and its parts."""
    config, network = policy.config, policy.network
    small = [prepare(frame, config.image_width_px, config.image_height_px) for frame in frames]
    images = [to_tensor(frame)[None] for frame in small]
    features, elapsed = torch.rand(1, 1, config.features), torch.full((1, 1), ELAPSED_S)
    flight: dict[str, object] = {"state": None}

    def whole(number: int) -> None:
        _, flight["state"] = policy.step(frames[number % len(frames)], ELAPSED_S, flight["state"])  # type: ignore[arg-type]

    def preprocess(number: int) -> None:
        to_tensor(prepare(frames[number % len(frames)], config.image_width_px, config.image_height_px))

    def encoder(number: int) -> None:
        with torch.inference_mode():
            network.encoder(images[number % len(images)])

    def head(number: int) -> None:
        with torch.inference_mode():
            network.decide(features, elapsed)

    return {"PyTorch step": whole, "  preprocess": preprocess, "  encoder": encoder, "  head and command": head}


def onnx_step(policy: Policy, frames: list[np.ndarray], path: Path) -> tuple[Step, float]:
    """Return the whole step in ONNX Runtime and its largest difference from PyTorch over a short flight."""
    export_onnx(policy, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    config = policy.config
    elapsed = np.array([ELAPSED_S], dtype=np.float32)
    flight = {"state": np.zeros((1, policy.network.head.state_size), dtype=np.float32)}

    def step(number: int) -> np.ndarray:
        rgb = prepare(frames[number % len(frames)], config.image_width_px, config.image_height_px)[None]
        command, flight["state"], _ = session.run(
            None, {"rgb": rgb, "elapsed_s": elapsed, "state": flight["state"]}
        )
        return np.asarray(command[0])

    state, worst = None, 0.0
    for number in range(100):
        command, state = policy.step(frames[number % len(frames)], ELAPSED_S, state)
        worst = max(worst, float(np.abs(command.as_array() - step(number)).max()))
    return step, worst


def head_steps() -> Table:
    """Measure one step of every model's head."""
    table = Table("head", "parameters", "p50 ms", "p99 ms")
    features, elapsed = torch.rand(1, 1, PolicyConfig().features), torch.ones(1, 1)
    for name in MODELS:
        head = LiquidPolicyNetwork(PolicyConfig(model=name)).head.eval()
        flight = {"state": torch.zeros(1, head.state_size)}

        def step(number: int, head: torch.nn.Module = head, flight: dict[str, torch.Tensor] = flight) -> None:
            with torch.inference_mode():
                _, flight["state"] = head(features, elapsed, flight["state"])

        p50, p99, _ = measure(step, HEAD_STEPS)
        parameters = sum(value.numel() for value in head.parameters())
        table.add_row(name, str(parameters), f"{p50:.3f}", f"{p99:.3f}")
    return table


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", type=Path, nargs="?", help="the shipped one where none is named")
    policy = load_policy(parser.parse_args().policy)
    frames = smooth_pictures(16, *CAMERA_PX)
    table = Table("step at batch 1", "p50 ms", "p99 ms", "p50 wall ms")
    steps = torch_steps(policy, frames)
    with tempfile.TemporaryDirectory() as folder:
        steps["ONNX Runtime step"], difference = onnx_step(policy, frames, Path(folder) / "policy.onnx")
        for name, step in steps.items():
            table.add_row(name, *(f"{value:.2f}" for value in measure(step)))
    console = Console()
    height, width = CAMERA_PX
    console.print(f"{policy.name}, images of {width} x {height}, one thread, {STEPS} steps, processor time")
    console.print(table)
    console.print(f"largest difference of a command over 100 steps: {difference:.2g}")
    console.print(head_steps())


if __name__ == "__main__":
    main()

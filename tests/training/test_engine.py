"""A training that is killed goes on with identical results; several processes train one policy."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from liquid_nav.errors import ConfigError
from liquid_nav.policy.network import LiquidPolicyNetwork
from tests.training.small_data import small_cache
from tests.training.train_worker import CONFIG, tiny_settings, train_small
from training.batches import prefetch
from training.devices import Place, training_place
from training.engine import Engine, Plan
from training.train import train_on

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "weights.safetensors"
HERE = Place(torch.device("cpu"))


@dataclass(frozen=True)
class Rows:
    """A batch of numbers."""

    values: Tensor

    def to(self, device: torch.device) -> Rows:
        return Rows(self.values.to(device))


class Toy(nn.Module):
    """A network with dropout, so that lost random numbers would show."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Dropout(0.3), nn.Flatten(), nn.Linear(12, 1))
        self.layers.to(memory_format=torch.channels_last)

    def forward(self, batch: Rows) -> dict[str, Tensor]:
        return {"total": self.layers(batch.values).square().mean()}


def _rows(step: int) -> Rows:
    return Rows(torch.randn(4, 2, 4, 4, generator=torch.Generator().manual_seed(step)))


def _toy_engine(work: Path, checkpoint_steps: int) -> Engine[Rows]:
    torch.manual_seed(1)
    plan = Plan("toy", 17, 0.05, "same", checkpoint_steps=checkpoint_steps, quiet=True)
    return Engine(plan, Toy(), work, HERE)


@pytest.mark.parametrize("killed_at", [1, 3, 8, 16])
@pytest.mark.parametrize("checkpoint_steps", [1, 4])
def test_a_training_stopped_at_any_step_ends_with_the_same_bytes(
    killed_at: int, checkpoint_steps: int, tmp_path: Path
) -> None:
    whole = _toy_engine(tmp_path / "whole", checkpoint_steps)
    whole.run(_rows)
    stopped = _toy_engine(tmp_path / "stopped", checkpoint_steps)

    def stop(step: int) -> Rows:
        if step == killed_at:
            raise KeyboardInterrupt
        return _rows(step)

    with pytest.raises(KeyboardInterrupt):
        stopped.run(stop)
    torch.manual_seed(99)  # whatever happened in between
    resumed = _toy_engine(tmp_path / "stopped", checkpoint_steps)
    profile = resumed.run(_rows)
    assert profile.steps <= 17 - killed_at + checkpoint_steps + 5, "it went on, it did not begin again"
    for one, other in zip(whole.learner.parameters(), resumed.learner.parameters(), strict=True):
        assert torch.equal(one, other)
    assert (tmp_path / "whole/toy.safetensors").read_bytes() == (tmp_path / "stopped/toy.safetensors").read_bytes()


def test_a_policy_whose_training_was_killed_has_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.train_worker"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, str(tmp_path / "whole"), "2"], cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen([*command, str(tmp_path / "killed"), "2"], cwd=ROOT, env=environment)
    checkpoint = tmp_path / "killed/work/encoder.safetensors"
    deadline = time.monotonic() + 60.0
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert checkpoint.exists() and not (tmp_path / "killed" / WEIGHTS).exists(), "killed in the middle"
    subprocess.run([*command, str(tmp_path / "killed"), "2"], cwd=ROOT, env=environment, check=True)
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "killed" / WEIGHTS).read_bytes()


def test_a_training_from_other_weights_needs_another_folder(tmp_path: Path) -> None:
    train_small(tmp_path, 1)
    with training_place("cpu") as place:
        torch.manual_seed(77)
        other = LiquidPolicyNetwork(CONFIG)
        with pytest.raises(ConfigError, match="belongs to other settings, model or data"):
            train_on(tiny_settings(1), small_cache(), other, tmp_path, place, name="small", origin={})


def test_two_processes_train_one_policy(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    worker = ["-m", "tests.training.train_worker", str(tmp_path / "two"), "1"]
    done = subprocess.run(
        [*command, *worker], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200.0
    )
    assert done.returncode == 0, done.stderr[-2000:]
    train_small(tmp_path / "one", 1, precision="fp32")
    two, one = load_file(tmp_path / "two" / WEIGHTS), load_file(tmp_path / "one" / WEIGHTS)
    begun = LiquidPolicyNetwork(CONFIG).state_dict()
    assert two.keys() == one.keys() == begun.keys()
    assert any(not torch.equal(two[key], one[key]) for key in one), "each drew its own augmentation"
    assert all(torch.isfinite(value).all() and torch.allclose(value, one[key], atol=0.05) for key, value in two.items())


def test_settings_that_decide_the_outcome_belong_to_the_checkpoint(tmp_path: Path) -> None:
    train_small(tmp_path, 1)
    train_small(tmp_path, 1, loaders=2, checkpoint_steps=7)
    with pytest.raises(ConfigError, match="other settings"):
        train_small(tmp_path, 1, seed=5)


def test_what_stage_two_cannot_go_on_with_is_refused_before_stage_one(tmp_path: Path) -> None:
    train_small(tmp_path, 1)
    (tmp_path / "work/encoder.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"joint\.safetensors belongs to other settings"):
        train_small(tmp_path, 1, seed=5)
    with pytest.raises(ConfigError, match="36 images fill no batch"):
        train_small(tmp_path / "new", 1, joint_batch=20)
    assert not list(tmp_path.rglob("encoder.safetensors"))


def test_a_checkpoint_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    engine = _toy_engine(tmp_path, 1)
    state = engine.learner, engine.optimiser, engine.schedule
    engine.checkpoint.save(1, *state)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(ConfigError, match=r"toy\.safetensors cannot be written .*free some space"):
            engine.checkpoint.save(2, *state)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == ["toy.safetensors"]
    assert engine.checkpoint.load(*state) == 1


def test_a_damaged_checkpoint_is_named_with_its_cure(tmp_path: Path) -> None:
    train_small(tmp_path, 1)
    path = tmp_path / "work/joint.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ConfigError, match=r"joint\.safetensors is damaged .* remove it"):
        train_small(tmp_path, 1)


def test_logs_for_tensorboard_hold_losses_and_the_wait_for_batches(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    outcome = train_small(tmp_path, 1)
    assert 0.0 <= outcome.waiting_share <= 1.0
    for stage in ("encoder", "joint"):
        events = EventAccumulator(str(tmp_path / "work/logs" / stage))
        events.Reload()
        tags = set(events.Tags()["scalars"])
        assert {"loss/command", "loss/validation command", "training/share waiting for batches"} <= tags


def test_a_policy_for_another_image_size_is_refused(tmp_path: Path) -> None:
    network = LiquidPolicyNetwork(replace(CONFIG, image_width_px=64, image_height_px=48))
    with training_place("cpu") as place, pytest.raises(ConfigError, match="256 x 144, the policy sees 64 x 48"):
        train_on(tiny_settings(1), small_cache(), network, tmp_path, place, name="x", origin={})


def test_unknown_devices_and_absent_gpus_are_refused() -> None:
    with pytest.raises(ConfigError, match="tpu"), training_place("tpu"):
        pass
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="no GPU"), training_place("cuda"):
            pass


@pytest.mark.parametrize("loaders", [1, 3])
def test_batches_come_in_order_and_an_error_reaches_the_reader(loaders: int) -> None:
    def job(number: int) -> int:
        if number == 9:
            raise ValueError("nine")
        time.sleep(0.002 * (number % 3))
        return number

    got = []
    with pytest.raises(ValueError, match="nine"):
        for number in prefetch([lambda n=n: job(n) for n in range(20)], loaders):
            got.append(number)
    assert got == list(range(9))

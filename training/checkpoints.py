"""Everything a training needs to go on after a kill, in one file that is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from liquid_nav.errors import ConfigError
from liquid_nav.whole_file import write_tensors

Schedule = torch.optim.lr_scheduler.LRScheduler
MODEL, OPTIMISER, RANDOM = "model.", "optimiser.", "random."


def checkpoint_file(work: Path, name: str) -> Path:
    """Return where a training keeps the checkpoint of a stage."""
    return work / f"{name}.safetensors"


class Checkpoint:
    """A training's state on disk: weights, optimiser, schedule, random numbers and the steps done.

    Args:
        path: of the ``.safetensors`` file.
        identity: names what is trained and how; a file of another identity is refused.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path, self.identity = path, identity

    def save(self, step: int, module: nn.Module, optimiser: torch.optim.Optimizer, schedule: Schedule) -> None:
        """Write the state after ``step`` steps.

        Raises:
            ConfigError: when the file cannot be written; the one before stays.
        """
        tensors = {MODEL + key: value.contiguous() for key, value in module.state_dict().items()}
        state = optimiser.state_dict()
        for index, values in state["state"].items():
            for key, value in values.items():
                copy = torch.as_tensor(value).clone(memory_format=torch.contiguous_format)
                tensors[f"{OPTIMISER}{index}.{key}"] = copy
        tensors[RANDOM + "cpu"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors[RANDOM + "cuda"] = torch.cuda.get_rng_state()
        plain = {key: value for key, value in schedule.state_dict().items() if isinstance(value, int | float)}
        groups = [{key: value for key, value in group.items() if key != "params"} for group in state["param_groups"]]
        facts = {"step": step, "identity": self.identity, "schedule": plain, "groups": groups}
        write_tensors(self.path, tensors, {"training": json.dumps(facts)})

    def check(self) -> None:
        """Refuse what :meth:`load` would refuse, before any work is done.

        Raises:
            ConfigError: when the file is damaged or belongs to another training.
        """
        if self.path.exists():
            self._read()

    def load(self, module: nn.Module, optimiser: torch.optim.Optimizer, schedule: Schedule) -> int:
        """Bring everything back to where it was; return the steps done, 0 when there is no file.

        Raises:
            ConfigError: when the file is damaged or belongs to another training.
        """
        if not self.path.exists():
            return 0
        facts, tensors = self._read()
        weights = {key.removeprefix(MODEL): value for key, value in tensors.items() if key.startswith(MODEL)}
        module.load_state_dict(weights)
        parameters = [each for group in optimiser.param_groups for each in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(OPTIMISER):
                number, name = key.removeprefix(OPTIMISER).split(".")
                parameter = parameters[int(number)]
                # In the parameter's own layout, or sums would be taken in another order.
                laid = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
                state.setdefault(int(number), {})[name] = laid
        before = optimiser.state_dict()["param_groups"]
        groups = [{**old, **_tuples(new)} for old, new in zip(before, facts["groups"], strict=True)]
        optimiser.load_state_dict({"state": state, "param_groups": groups})
        schedule.load_state_dict({**schedule.state_dict(), **facts["schedule"]})
        torch.set_rng_state(tensors[RANDOM + "cpu"])
        if torch.cuda.is_available() and RANDOM + "cuda" in tensors:
            torch.cuda.set_rng_state(tensors[RANDOM + "cuda"])
        return int(facts["step"])

    def _read(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        try:
            with safe_open(self.path, framework="pt") as file:
                facts: dict[str, Any] = json.loads((file.metadata() or {})["training"])
                if facts["identity"] != self.identity:
                    raise ConfigError(
                        f"{self.path} belongs to other settings, model or data: remove it or train into another folder"
                    )
                return facts, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise ConfigError(
                f"{self.path} is damaged or of another version ({error}): remove it to train this stage again"
            ) from error


def _tuples(group: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in group.items()}

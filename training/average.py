"""Averaging the weights of policies that one training led to through another.

Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from liquid_nav import __version__
from liquid_nav.errors import ConfigError
from liquid_nav.policy.checkpoint import CONFIG_FILE, load_network, save_policy


def average(policies: list[Path], out: Path, *, name: str = "ncp_cfc_19") -> None:
    """Write a policy whose weights are the mean of others'.

    Args:
        policies: folders of policies of one architecture, each trained on from another or from a common one; the mean
            of policies that were trained apart flies nowhere.
        out: folder of the new policy.
        name: of the new policy.

    Raises:
        ConfigError: when there are fewer than two or their architectures differ.
        PolicyError: when one cannot be loaded.
    """
    if len(policies) < 2:
        raise ConfigError(f"{len(policies)} policies: name two or more to average")
    loaded = [load_network(folder) for folder in policies]
    network = loaded[0][0]
    for folder, (other, _) in zip(policies[1:], loaded[1:], strict=True):
        if other.config != network.config:
            raise ConfigError(f"{folder} has another architecture than {policies[0]}: average policies of one")
    states = [other.state_dict() for other, _ in loaded]
    mean = {key: torch.stack([state[key].double() for state in states]).mean(dim=0) for key in states[0]}
    network.load_state_dict({key: value.to(states[0][key].dtype) for key, value in mean.items()})
    trainings = [json.loads((folder / CONFIG_FILE).read_text()).get("training", {}) for folder in policies]
    facts: dict[str, Any] = {"software": __version__, "averaged": trainings}
    card = f"# {name}\n\nThe mean of the weights of {', '.join(folder.name for folder in policies)}.\n"
    save_policy(network, out, name=name, training=facts, card=card)

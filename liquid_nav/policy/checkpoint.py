"""Policy folders: ``weights.safetensors``, ``policy.json`` and ``CARD.md``. No pickle is ever loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from liquid_nav.errors import ConfigError, PolicyError
from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.heads.liquid import LiquidHead
from liquid_nav.policy.network import LiquidPolicyNetwork
from liquid_nav.whole_file import whole_file, write_tensors

FORMAT = "liquid_nav policy 1"
WEIGHTS_FILE = "weights.safetensors"
CONFIG_FILE = "policy.json"
CARD_FILE = "CARD.md"
OLD_HEAD, HEAD = "liquid.", "head.layer."  # weights of 0.2.0 and before name the liquid layer so


def save_policy(network: LiquidPolicyNetwork, folder: Path, *, name: str, training: dict[str, Any], card: str) -> None:
    """Write a policy folder; each file appears whole or not at all.

    Args:
        network: the network with its configuration.
        folder: made when missing.
        name: the policy's name in reports.
        training: facts about its training, for ``policy.json``.
        card: draft of ``CARD.md``. A card that is there and is not the untouched draft of before stays as it is:
            somebody has written into it.

    Raises:
        PolicyError: when weights are NaN or infinite; nothing is written then.
        ConfigError: when a file cannot be written.
    """
    weights = {key: value.contiguous() for key, value in network.state_dict().items()}
    if not _all_finite(weights):
        raise PolicyError(f"{name} has NaN or infinite weights and is not saved: train at a lower learning rate")
    description = {
        "format": FORMAT,
        "name": name,
        "config": network.config.to_dict(),
        "wiring": wiring_digest(network),
        "card": _text_digest(card.encode()),
        "training": training,
    }
    texts = {CONFIG_FILE: json.dumps(description, indent=2) + "\n"}
    if not _has_own_card(folder):
        texts = {CARD_FILE: card, **texts}
    write_tensors(folder / WEIGHTS_FILE, weights)
    for file, text in texts.items():
        with whole_file(folder / file) as part:
            part.write_text(text, encoding="utf-8")


def wiring_digest(network: LiquidPolicyNetwork) -> str | None:
    """Return what names the synapses that a network's weights were trained with; None for a head without wiring.

    The weights' file holds a value for every pair of neurons, and the wiring's seed decides which of them count.
    """
    head = network.head
    wiring = head.layer.wiring if isinstance(head, LiquidHead) else None
    if wiring is None:
        return None
    synapses = (wiring.sensory(head.features), wiring.recurrent)
    return hashlib.sha256(b"".join(np.abs(each).astype(np.uint8).tobytes() for each in synapses)).hexdigest()[:16]


def load_network(folder: Path) -> tuple[LiquidPolicyNetwork, str]:
    """Read a policy folder.

    Returns:
        The network in evaluation mode and its name.

    Raises:
        PolicyError: when a file is missing, truncated or foreign, or does not fit its description.
    """
    description = _read_description(folder)
    try:
        network = LiquidPolicyNetwork(PolicyConfig.from_dict(description["config"]))
    except (ConfigError, RuntimeError) as error:
        raise PolicyError(f"{folder / CONFIG_FILE}: {error}") from error
    weights = _read_weights(folder / WEIGHTS_FILE)
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in weights.items()}
    if wanted != found:
        differing = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
        raise PolicyError(
            f"{folder / WEIGHTS_FILE} does not fit {CONFIG_FILE}: {differing[0]} is {found.get(differing[0])}, "
            f"expected {wanted.get(differing[0])}: copy both files from the same policy"
        )
    if description.get("wiring") not in (None, wiring_digest(network)):  # older files do not say
        raise PolicyError(
            f"{folder / CONFIG_FILE}: wiring_seed {network.config.wiring_seed} gives other synapses than the weights "
            "were trained with: copy both files from the same policy"
        )
    if not _all_finite(weights):
        raise PolicyError(f"{folder / WEIGHTS_FILE} holds NaN or infinite weights: use another checkpoint")
    network.load_state_dict(weights)
    return network.eval(), str(description.get("name", folder.name))


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PolicyError(
            f"{folder} is not a policy folder: {CONFIG_FILE} is missing; give the folder that `liquid-nav train` wrote"
        ) from error
    except (ValueError, RecursionError, OSError) as error:
        raise PolicyError(f"{path} cannot be read ({error}): copy the policy folder again") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT or "config" not in description:
        raise PolicyError(f"{path} is not a '{FORMAT}' description: was it written by another program?")
    return description


def _has_own_card(folder: Path) -> bool:
    """Whether a folder has a card that is not the draft its description names."""
    path = folder / CARD_FILE
    if not path.exists():
        return False
    try:
        draft = _read_description(folder).get("card")
    except PolicyError:
        draft = None
    return _text_digest(path.read_bytes()) != draft


def _text_digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _all_finite(weights: dict[str, torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(value).all()) for value in weights.values())


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        weights: dict[str, torch.Tensor] = load_file(path)
    except FileNotFoundError as error:
        raise PolicyError(f"{path} is missing: copy the policy folder again") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise PolicyError(f"{path} is truncated or foreign ({error}): copy the policy folder again") from error
    return {HEAD + key.removeprefix(OLD_HEAD) if key.startswith(OLD_HEAD) else key: weights[key] for key in weights}

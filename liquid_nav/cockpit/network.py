"""The wiring of the policy's liquid network, for drawing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from liquid_nav.errors import PolicyError

LAYERS = ("inter", "command", "motor")


def wiring_facts(folder: Path | None) -> dict[str, Any]:
    """Return layers and synapses of a policy's network.

    Args:
        folder: of the policy, None for the shipped one.

    Returns:
        ``layers``, lists of neuron numbers in the order a signal passes them, and ``synapses``, (from, to, sign).

    Raises:
        PolicyError: when the folder holds no description of a policy.
    """
    from liquid_nav.policy.config import PolicyConfig
    from liquid_nav.policy.heads import make_wiring  # torch comes with it: only paid for by those who draw
    from liquid_nav.policy.runtime import PRETRAINED

    path = (PRETRAINED if folder is None else folder) / "policy.json"
    try:
        wiring = make_wiring(PolicyConfig.from_dict(json.loads(path.read_text())["config"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(f"{path} cannot be read ({error}): give the folder of a policy") from error
    synapses = [
        [int(source), int(target), int(wiring.recurrent[source, target])]
        for source, target in np.argwhere(wiring.recurrent)
    ]
    return {"layers": dict(zip(LAYERS, wiring.layers, strict=True)), "synapses": synapses}

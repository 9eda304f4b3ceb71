"""The models with their sizes, as ``liquid-nav models`` prints them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from liquid_nav.policy.config import PolicyConfig
from liquid_nav.policy.heads import MODELS
from liquid_nav.policy.network import LiquidPolicyNetwork


def model_rows(config: PolicyConfig | None = None) -> list[dict[str, Any]]:
    """Return name, title, source, units, floats of state and parameters of every model's head.

    Args:
        config: its features, units and window are used; the default ones when None.
    """
    rows = []
    for name, model in MODELS.items():
        chosen = replace(config or PolicyConfig(), model=name)
        head = LiquidPolicyNetwork(chosen).head
        rows.append(
            {
                "model": name,
                "title": model.title,
                "source": model.source,
                "units": chosen.neurons,
                "state": head.state_size,
                "parameters": sum(value.numel() for value in head.parameters()),
            }
        )
    return rows


def models_table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table of the models."""
    lines = ["| model | | source | units | floats of state | parameters of the head |", "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| `{row['model']}` | {row['title']} | {row['source']} | {row['units']} | {row['state']} | "
            f"{row['parameters']} |"
        )
    return "\n".join(lines)

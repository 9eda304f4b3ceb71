"""Options and answers that the commands of ``liquid-nav`` share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from liquid_nav.errors import ConfigError

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Workers = Annotated[int, typer.Option(help="Processes.", min=1, max=64)]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="Of the world, such as season=winter or hour=8; repeat it for several."),
]
Renderer = Annotated[str, typer.Option(help="auto, gl or tiny.")]
Foxglove = Annotated[bool, typer.Option("--foxglove", help="Show it live to Foxglove on ws://127.0.0.1:8766.")]
Rerun = Annotated[bool, typer.Option("--rerun", help="Show it live in rerun.")]
Save = Annotated[Path | None, typer.Option(help="With --rerun: write this .rrd file instead.")]
Ray = Annotated[
    str | None,
    typer.Option(help="Fly on a Ray cluster: host:port, or auto for the one on this machine, started where none runs."),
]


def read_options(pairs: list[str] | None) -> dict[str, Any]:
    """Read ``key=value`` pairs; values are YAML scalars.

    Raises:
        ConfigError: for a pair that is none, or a value that YAML cannot read.
    """
    import yaml

    options = {}
    for pair in pairs or []:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise ConfigError(f"option is {pair!r}: write it as name=value, such as season=winter")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"option is {pair!r}, whose value cannot be read: put it in quotes") from error
    return options


def print_answer(values: dict[str, Any], as_json: bool) -> None:
    """Print values as lines, or as JSON for programs."""
    if as_json:
        typer.echo(json.dumps(values))
        return
    for key, value in values.items():
        typer.echo(f"{key}: {value}")

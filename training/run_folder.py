"""Folders of runs: one per flight, the last one behind the link ``latest``."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from liquid_nav.errors import ConfigError

NEEDED_BYTES = 200_000_000


def new_folder(runs: Path) -> Path:
    """Make the folder of a run.

    Raises:
        ConfigError: when it cannot be made or the disk is nearly full.
    """
    folder = runs / datetime.now().strftime("%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        folder = folder.with_name(f"{folder.name}-{os.getpid()}")
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error}): choose another folder with --out") from error
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise ConfigError(f"{free / 1e6:.0f} MB are free in {runs}: a flight needs {NEEDED_BYTES / 1e6:.0f} MB")
    return folder


def link_latest(runs: Path, folder: Path) -> None:
    """Point ``runs/latest`` to a folder."""
    link, fresh = runs / "latest", runs / f".latest-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    fresh.replace(link)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(values, indent=1) + "\n")
    part.replace(path)

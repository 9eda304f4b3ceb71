"""Folders of runs: one per flight, the last one behind the link ``latest``."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from liquid_nav.errors import ConfigError
from liquid_nav.whole_file import whole_file
from training.progress import CONSOLE

NEEDED_BYTES = 500_000_000  # what the recorder asks for


def new_folder(runs: Path) -> Path:
    """Make the folder of a run.

    Raises:
        ConfigError: when it cannot be made or the disk is nearly full.
    """
    folder = runs / datetime.now().strftime("%Y%m%d-%H%M%S")
    try:
        runs.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(runs).free
        if free < NEEDED_BYTES:
            raise ConfigError(f"{free / 1e6:.0f} MB are free in {runs}: a flight needs {NEEDED_BYTES / 1e6:.0f} MB")
        try:
            folder.mkdir()
        except FileExistsError:
            folder = folder.with_name(f"{folder.name}-{os.getpid()}")
            folder.mkdir()
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error}): choose another folder with --out") from error
    return folder


def link_latest(runs: Path, folder: Path) -> None:
    """Point ``runs/latest`` to a folder, or say on the screen why it cannot: the run counts without."""
    link, fresh = runs / "latest", runs / f".latest-{os.getpid()}"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(link)
    except OSError as error:  # a folder of this name, or a disk without links
        CONSOLE.print(f"{link} does not point to {folder}: {error}", highlight=False)
        fresh.unlink(missing_ok=True)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all.

    Raises:
        ConfigError: when it cannot be written.
    """
    with whole_file(path) as part:
        part.write_text(json.dumps(values, indent=1) + "\n")

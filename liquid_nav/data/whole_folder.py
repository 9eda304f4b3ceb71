"""Folders that bear their name only when all that belongs into them is there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.errors import EpisodeError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to write into, called ``<folder>.part`` meanwhile; it is removed when the block does not end well.

    Raises:
        EpisodeError: when the folder exists, is being written or cannot be written.
    """
    if folder.exists():
        raise EpisodeError(f"{folder} exists already: choose another folder")
    part = folder.with_name(folder.name + PART_SUFFIX)
    if part.exists():
        raise EpisodeError(f"{part} is being written, or was never finished: remove it or choose another folder")
    try:
        part.mkdir(parents=True)
        try:
            yield part
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise EpisodeError(f"{folder} cannot be written ({error}): free some space or choose another folder") from error

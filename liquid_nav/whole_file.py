"""Files that bear their name only when they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from liquid_nav.errors import ConfigError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a name to write a file under, ``<path>.part``; nothing is left of it when the block does not end well.

    Raises:
        ConfigError: when the file or its folder, which is made when missing, cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except (OSError, SafetensorError) as error:  # safetensors has an error of its own for a full disk
        raise ConfigError(
            f"{path} cannot be written ({error}): free some space, choose another name or another folder with --out"
        ) from error


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a ``.safetensors`` file, whole or not at all.

    Args:
        path: of the file.
        tensors: by name, contiguous.
        metadata: texts by name.

    Raises:
        ConfigError: when it cannot be written.
    """
    with whole_file(path) as part:
        save_file(tensors, part, metadata=metadata)
        part.chmod(0o644)

"""What a file holds, from its index alone: quick enough for a list of hundreds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mcap.reader import make_reader

from liquid_nav.data.episode import IMAGE_TOPIC, METADATA_NAME, EpisodeMetadata
from liquid_nav.data.recording import PART_SUFFIX
from liquid_nav.errors import EpisodeError

WHOLE, UNFINISHED, DAMAGED = "whole", "unfinished", "damaged"


@dataclass(frozen=True)
class Summary:
    """One file of a folder.

    Attributes:
        path: of the file.
        state: ``"whole"``; ``"unfinished"`` and ``"damaged"`` ones are mended by ``liquid-nav episodes repair``.
        metadata: how it came about.
        size_bytes: of the file.
        seconds: from its first message to its last.
        images: how many.
        topics: number of messages by topic.
    """

    path: Path
    state: str
    metadata: EpisodeMetadata
    size_bytes: int
    seconds: float = 0.0
    images: int = 0
    topics: dict[str, int] | None = None

    def row(self) -> dict[str, object]:
        """Return what a list shows, ready for JSON."""
        meta = self.metadata
        return {
            "file": self.path.name,
            "state": self.state,
            "kind": meta.extra.get("kind", "collected"),
            "pilot": meta.pilot,
            "world": meta.world,
            "seed": meta.seed,
            "seconds": round(self.seconds, 2),
            "images": self.images,
            "megabytes": round(self.size_bytes / 1e6, 2),
        }


def summarize(path: Path) -> Summary:
    """Return what a file holds; a broken one is told by its state.

    Raises:
        EpisodeError: when there is no such file.
    """
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: give an episode's .mcap file")
    size = path.stat().st_size
    nobody = EpisodeMetadata(world="", seed=-1)
    if path.name.endswith(PART_SUFFIX):
        return Summary(path, UNFINISHED, nobody, size)
    try:
        with path.open("rb") as file:
            reader = make_reader(file)
            summary = reader.get_summary()
            text: dict[str, str] = {}
            for record in reader.iter_metadata():
                text |= record.metadata if record.name == METADATA_NAME else {}
    except Exception:  # the reader raises many kinds on foreign bytes
        return Summary(path, DAMAGED, nobody, size)
    if summary is None or summary.statistics is None:
        return Summary(path, DAMAGED, nobody, size)
    statistics = summary.statistics
    topics = {
        channel.topic: statistics.channel_message_counts.get(key, 0) for key, channel in summary.channels.items()
    }
    images = sum(count for topic, count in topics.items() if topic.endswith(IMAGE_TOPIC))
    seconds = 1e-9 * (statistics.message_end_time - statistics.message_start_time)
    return Summary(path, WHOLE, EpisodeMetadata.from_text(text), size, seconds, images, topics)


def summarize_all(paths: list[Path]) -> list[Summary]:
    """Return the summaries of files and of all episodes in folders, unfinished ones with them.

    Raises:
        EpisodeError: when a path does not exist or nothing is found.
    """
    return [summarize(path) for path in episode_files(paths, unfinished=True)]


def episode_files(paths: list[Path], *, unfinished: bool = False) -> list[Path]:
    """Return the files named and those in the folders named, in order.

    Args:
        paths: files and folders.
        unfinished: those, too, that were never finished and have not been mended.

    Raises:
        EpisodeError: when a path does not exist or nothing is found.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise EpisodeError(f"{path} does not exist: give .mcap files or folders of them")
        if path.is_file():
            found.append(path)
            continue
        names = {file.name for file in path.glob("*.mcap")}
        if unfinished:
            parts = {file.name for file in path.glob("*.mcap.part")}
            names |= {name for name in parts if name.removesuffix(PART_SUFFIX) not in names}
        found += [path / name for name in sorted(names)]
    if not found:
        raise EpisodeError(f"there are no .mcap files in {', '.join(map(str, paths))}: record or collect some first")
    return found

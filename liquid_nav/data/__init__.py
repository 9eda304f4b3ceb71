"""Episodes on disk: one MCAP file per flight, readable by any ROS 2 tool."""

from __future__ import annotations

from liquid_nav.data.episode import Episode, EpisodeMetadata, Step
from liquid_nav.data.reader import EpisodeFile, list_episodes, open_episode, read_episode
from liquid_nav.data.writer import EpisodeWriter

__all__ = [
    "Episode",
    "EpisodeFile",
    "EpisodeMetadata",
    "EpisodeWriter",
    "Step",
    "list_episodes",
    "open_episode",
    "read_episode",
]

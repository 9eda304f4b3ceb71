"""Exporting episodes as a LeRobot data set, format v3.0.

One Parquet file of numbers, one H.264 video of all images, and tables that say where each episode begins, as
https://github.com/huggingface/lerobot reads them. Needs ``pyarrow``, which ``make setup`` installs and
``pip install -e '.[lerobot]'`` too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from liquid_nav.data.align import AlignOptions
from liquid_nav.data.episode import Step
from liquid_nav.data.exporting import attitude_rpy
from liquid_nav.data.reader import open_episode
from liquid_nav.data.whole_folder import whole_folder
from liquid_nav.errors import ConfigError, EpisodeError

VERSION = "v3.0"
CAMERA = "observation.images.front"
STATE = "observation.state"
ACTION = "action"
STATE_NAMES = ("x", "y", "z", "vx", "vy", "vz", "roll", "pitch", "yaw")  # ENU, m, m/s, rad
ACTION_NAMES = ("forward", "left", "up", "yaw_rate")  # FLU, m/s, rad/s
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
SAMPLED_IMAGES = 60  # of each episode, for statistics
KEY_EVERY = 2  # images: a reader jumps to any of them


@dataclass
class _Columns:
    """The table of numbers, one entry per image."""

    state: list[NDArray[np.float32]] = field(default_factory=list)
    action: list[NDArray[np.float32]] = field(default_factory=list)
    labelled: list[bool] = field(default_factory=list)
    intervention: list[bool] = field(default_factory=list)
    episode: list[int] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)


def export_lerobot(
    files: list[Path], folder: Path, *, task: str, fps: int = 20, size_px: tuple[int, int] = (256, 144)
) -> dict[str, int]:
    """Write a LeRobot data set; ``action`` is the label where there is one, else what was flown.

    Args:
        files: episodes.
        folder: to be made; it must not exist.
        task: one sentence.
        fps: of the data set; each beat takes the image next to it.
        size_px: width and height of the images, even numbers.

    Returns:
        Counts: ``episodes``, ``frames``.

    Raises:
        ConfigError: when pyarrow is missing or a number does not fit.
        EpisodeError: when the folder exists or cannot be written, or an episode cannot be read or holds no steps;
            nothing is left then.
    """
    _arrow()
    if fps < 1 or size_px[0] % 2 or size_px[1] % 2:
        raise ConfigError(f"fps is {fps}, size is {size_px}: use 1 or more and even numbers, as H.264 needs")
    options = AlignOptions(size_px=size_px, longest_gap_s=float("inf"))
    with whole_folder(folder) as part:
        frames = _write_set(files, part, task, fps, size_px, options)
    return {"episodes": len(files), "frames": frames}


def _write_set(
    files: list[Path], folder: Path, task: str, fps: int, size_px: tuple[int, int], options: AlignOptions
) -> int:
    """Write video, tables and what describes them; return the number of frames."""
    video = folder / "videos" / CAMERA / "chunk-000" / "file-000.mp4"
    video.parent.mkdir(parents=True)
    columns, rows = _Columns(), list[dict[str, Any]]()
    samples: list[NDArray[np.uint8]] = []
    with _Video(video, fps, size_px) as film:
        for number, file in enumerate(files):
            begun, seen = len(columns.frame), list[NDArray[np.uint8]]()
            for frame, step in enumerate(_beats(open_episode(file).steps(options), fps)):
                film.add(step.frame.rgb)
                seen.append(step.frame.rgb)
                _add(columns, step, number, frame)
            if len(columns.frame) == begun:
                raise EpisodeError(f"{file} holds no image with a command and a state: leave it out")
            chosen = np.unique(np.linspace(0, len(seen) - 1, SAMPLED_IMAGES).astype(int))
            kept = [seen[index] for index in chosen]
            samples += kept[:: max(1, len(files) // 10)]
            rows.append(_episode_row(number, begun, columns, kept, task, fps))
    _write_tables(folder, columns, rows, task, fps)
    _write_json(folder / "meta" / "stats.json", _stats(columns, slice(None), samples, fps))
    _write_json(folder / "meta" / "info.json", _info(len(files), len(columns.frame), fps, size_px))
    return len(columns.frame)


def _beats(steps: Iterator[Step], fps: int) -> Iterator[Step]:
    """Yield the step next to each beat; where images are missing, the last one again."""
    before: Step | None = None
    beat_s = 0.0
    for step in steps:
        beat_s = step.frame.stamp_s if before is None else beat_s
        while before is not None and beat_s < 0.5 * (before.frame.stamp_s + step.frame.stamp_s):
            yield before
            beat_s += 1.0 / fps
        before = step
    if before is not None and beat_s < before.frame.stamp_s + 0.25 / fps:
        yield before


def _add(columns: _Columns, step: Step, episode: int, frame: int) -> None:
    state = step.odometry
    columns.state.append(
        np.array([*state.position_enu_m, *state.velocity_enu_m_s, *attitude_rpy(step)], dtype=np.float32)
    )
    columns.action.append(step.expert.as_array())
    columns.labelled.append(step.labelled)
    columns.intervention.append(step.source == "pilot")
    columns.episode.append(episode)
    columns.frame.append(frame)


class _Video:
    """An H.264 film of all episodes."""

    def __init__(self, path: Path, fps: int, size_px: tuple[int, int]) -> None:
        self._container = av.open(str(path), mode="w")
        self._stream = self._container.add_stream("libx264", rate=fps)
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "20", "g": str(KEY_EVERY), "preset": "fast"}

    def add(self, rgb: NDArray[np.uint8]) -> None:
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")):
            self._container.mux(packet)

    def __enter__(self) -> _Video:
        return self

    def __exit__(self, *_: object) -> None:
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()


def _episode_row(
    number: int, begun: int, columns: _Columns, kept: list[NDArray[np.uint8]], task: str, fps: int
) -> dict[str, Any]:
    """Return what the table of episodes says of one."""
    end = len(columns.frame)
    row: dict[str, Any] = {
        "episode_index": number, "tasks": [task], "length": end - begun, "data/chunk_index": 0, "data/file_index": 0,
        "dataset_from_index": begun, "dataset_to_index": end, f"videos/{CAMERA}/chunk_index": 0,
        f"videos/{CAMERA}/file_index": 0, f"videos/{CAMERA}/from_timestamp": begun / fps,
        f"videos/{CAMERA}/to_timestamp": end / fps, "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0,
    }  # fmt: skip
    for name, values in _stats(columns, slice(begun, end), kept, fps).items():
        row |= {f"stats/{name}/{key}": value for key, value in values.items()}
    return row


def _stats(columns: _Columns, part: slice, images: list[NDArray[np.uint8]], fps: int) -> dict[str, dict[str, Any]]:
    """Return the statistics of every feature."""
    frames = np.array(columns.frame[part])[:, None]
    values = {
        STATE: np.stack(columns.state[part]),
        ACTION: np.stack(columns.action[part]),
        "labelled": np.array(columns.labelled[part], dtype=float)[:, None],
        "intervention": np.array(columns.intervention[part], dtype=float)[:, None],
        "timestamp": frames / fps,
        "frame_index": frames,
        "episode_index": np.array(columns.episode[part])[:, None],
        "index": np.arange(len(columns.frame))[part][:, None],
        "task_index": np.zeros_like(frames),
    }
    found = {name: _describe(array, len(array)) for name, array in values.items()}
    pixels = np.stack(images)[:, ::4, ::4].reshape(-1, 3) / 255.0
    channels = _describe(pixels, len(images))
    found[CAMERA] = {
        key: value if key == "count" else [[[number]] for number in value] for key, value in channels.items()
    }
    return found


def _describe(array: NDArray[Any], count: int) -> dict[str, Any]:
    """Return statistics of (samples, features)."""
    numbers = {"min": array.min(0), "max": array.max(0), "mean": array.mean(0), "std": array.std(0)}
    numbers |= {name: np.quantile(array, share, axis=0) for name, share in QUANTILES.items()}
    return {name: value.astype(float).tolist() for name, value in numbers.items()} | {"count": [count]}


def _write_tables(folder: Path, columns: _Columns, rows: list[dict[str, Any]], task: str, fps: int) -> None:
    pa, pq = _arrow()
    frames = np.array(columns.frame, dtype=np.int64)

    def vectors(values: list[NDArray[np.float32]]) -> Any:
        flat = pa.array(np.concatenate(values).astype(np.float32))
        return pa.FixedSizeListArray.from_arrays(flat, len(values[0]))

    data = pa.table({
        STATE: vectors(columns.state),
        ACTION: vectors(columns.action),
        "labelled": pa.array(columns.labelled),
        "intervention": pa.array(columns.intervention),
        "timestamp": pa.array((frames / fps).astype(np.float32)),
        "frame_index": pa.array(frames),
        "episode_index": pa.array(columns.episode, pa.int64()),
        "index": pa.array(np.arange(len(frames), dtype=np.int64)),
        "task_index": pa.array(np.zeros(len(frames), dtype=np.int64)),
    })  # fmt: skip
    # The sentence is the index of this table, as pandas writes and reads it.
    about = {"index_columns": ["task"], "column_indexes": [], "pandas_version": "2.2.0", "columns": [
        {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64",
         "metadata": None},
        {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
    ]}  # fmt: skip
    tasks = pa.table({"task_index": pa.array([0], pa.int64()), "task": pa.array([task])})
    tasks = tasks.replace_schema_metadata({"pandas": json.dumps(about)})
    tables = {
        "data/chunk-000/file-000.parquet": data,
        "meta/episodes/chunk-000/file-000.parquet": pa.Table.from_pylist(rows),
        "meta/tasks.parquet": tasks,
    }
    for name, table in tables.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)


def _info(episodes: int, frames: int, fps: int, size_px: tuple[int, int]) -> dict[str, Any]:
    def number(dtype: str) -> dict[str, Any]:
        return {"dtype": dtype, "shape": [1], "names": None}

    width, height = size_px
    video = {
        "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
        "video.fps": fps, "video.channels": 3, "has_audio": False, "is_depth_map": False,
    }  # fmt: skip
    return {
        "codebase_version": VERSION,
        "robot_type": "quadrotor",
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
        "features": {
            CAMERA: {
                "dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"], "info": video,
            },
            STATE: {"dtype": "float32", "shape": [len(STATE_NAMES)], "names": list(STATE_NAMES)},
            ACTION: {"dtype": "float32", "shape": [len(ACTION_NAMES)], "names": list(ACTION_NAMES)},
            "labelled": number("bool"),
            "intervention": number("bool"),
            "timestamp": number("float32"),
            **{name: number("int64") for name in ("frame_index", "episode_index", "index", "task_index")},
        },
    }  # fmt: skip


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=1) + "\n")


def _arrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet module."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError("LeRobot's format needs pyarrow: run `make setup` or pip install -e '.[lerobot]'") from error
    return pyarrow, pyarrow.parquet

"""Exports hold what the episodes hold, in the form their readers expect."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from liquid_nav.data import read_episode
from liquid_nav.data.exporting import export_folder
from liquid_nav.data.lerobot import CAMERA, export_lerobot
from liquid_nav.errors import ConfigError, EpisodeError
from tests.data.makers import write_episode

SIZE_PX = (64, 36)


def test_a_folder_of_images_and_a_table(tmp_path: Path) -> None:
    path = write_episode(tmp_path / "a.mcap", steps=20,
                         change=lambda index, values: values | ({"expert": None} if index == 3 else {}))  # fmt: skip
    assert export_folder([path], tmp_path / "out") == {"episodes": 1, "images": 20}
    rows = list(csv.DictReader((tmp_path / "out" / "a" / "steps.csv").open()))
    steps = read_episode(path).steps
    for row, step in zip(rows, steps, strict=True):
        assert float(row["stamp_s"]) == pytest.approx(step.frame.stamp_s, abs=1e-6)
        assert float(row["forward_m_s"]) == pytest.approx(step.command.forward_m_s, abs=1e-4)
        assert float(row["yaw_rad"]) == pytest.approx(np.pi / 2, abs=1e-4)
        picture = cv2.imread(str(tmp_path / "out" / "a" / row["image"]))[..., ::-1]
        assert np.abs(picture.astype(int) - step.frame.rgb).mean() < 3.0
    assert [row["labelled"] for row in rows[2:5]] == ["1", "0", "1"] and rows[3]["label_forward_m_s"] == ""
    assert json.loads((tmp_path / "out" / "a" / "metadata.json").read_text())["pilot"] == "Ada"
    with pytest.raises(EpisodeError, match="exists already"):
        export_folder([path], tmp_path / "out")


def test_episodes_of_one_name_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [write_episode(tmp_path / "a.mcap", 3), write_episode(tmp_path / "other" / "a.mcap", 3)]
    with pytest.raises(EpisodeError, match="2 episodes, of which several are named a"):
        export_folder(files, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_lerobot_data_set_is_complete_and_consistent(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    files = [write_episode(tmp_path / "a.mcap", steps=41), write_episode(tmp_path / "b.mcap", steps=30)]
    out = tmp_path / "set"
    counts = export_lerobot(files, out, task="Fly.", fps=20, size_px=SIZE_PX)
    info = json.loads((out / "meta/info.json").read_text())
    data = pq.read_table(out / info["data_path"].format(chunk_index=0, file_index=0)).to_pydict()
    episodes = pq.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert counts == {"episodes": 2, "frames": 71} == {"episodes": info["total_episodes"],
                                                       "frames": info["total_frames"]}  # fmt: skip
    assert info["codebase_version"] == "v3.0" and info["splits"] == {"train": "0:2"}
    assert set(info["features"]) == {*data, CAMERA}
    assert [(row["dataset_from_index"], row["dataset_to_index"]) for row in episodes] == [(0, 41), (41, 71)]
    assert data["index"] == list(range(71)) and data["frame_index"] == [*range(41), *range(30)]
    assert data["timestamp"] == pytest.approx(np.array(data["frame_index"]) / 20, abs=1e-6)
    steps = [step for file in files for step in read_episode(file).steps]
    assert np.allclose(data["action"], [step.expert.as_array() for step in steps])
    assert np.allclose([state[:3] for state in data["observation.state"]],
                       [step.odometry.position_enu_m for step in steps], atol=1e-5)  # fmt: skip
    with av.open(str(out / info["video_path"].format(video_key=CAMERA, chunk_index=0, file_index=0))) as film:
        frames = [(float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")) for frame in film.decode()]
    assert len(frames) == 71
    for index in (0, 20, 41, 70):
        assert frames[index][0] == pytest.approx(index / 20, abs=1e-4)
        assert np.abs(frames[index][1].astype(int) - steps[index].frame.rgb).mean() < 12.0
    assert episodes[1][f"videos/{CAMERA}/from_timestamp"] == pytest.approx(41 / 20)
    stats = json.loads((out / "meta/stats.json").read_text())
    assert stats["action"]["mean"] == pytest.approx(np.mean(data["action"], axis=0), abs=1e-5)
    assert np.shape(stats[CAMERA]["mean"]) == (3, 1, 1) and 0.0 < stats[CAMERA]["mean"][0][0][0] < 1.0
    assert pq.read_schema(out / "meta/tasks.parquet").pandas_metadata["index_columns"] == ["task"]


def test_lost_images_keep_the_clock_of_the_set(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    path = write_episode(tmp_path / "a.mcap", steps=60, change=lambda i, values: None if 20 <= i < 30 else values)
    export_lerobot([path], tmp_path / "set", task="Fly.", fps=10, size_px=SIZE_PX)
    data = pq.read_table(tmp_path / "set/data/chunk-000/file-000.parquet").to_pydict()
    norths = [state[1] for state in data["observation.state"]]
    expected = 0.05 * np.array(data["frame_index"]) * 2  # flown in 0.1 s
    assert len(norths) == 30 and np.abs(np.array(norths) - expected).max() <= 0.05 * 5.01


def test_what_h264_cannot_hold_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(ConfigError, match="even numbers"):
        export_lerobot([write_episode(tmp_path / "a.mcap", 5)], tmp_path / "set", task="Fly.", size_px=(63, 36))


@pytest.mark.parametrize("kind", ["folder", "lerobot"])
def test_an_export_that_fails_leaves_nothing_in_the_way_of_the_next(tmp_path: Path, kind: str) -> None:
    if kind == "lerobot":
        pytest.importorskip("pyarrow")

    def export(files: list[Path]) -> dict[str, int]:
        out = tmp_path / "out" / "set"
        if kind == "folder":
            return export_folder(files, out)
        return export_lerobot(files, out, task="Fly.", size_px=SIZE_PX)

    good, bad = write_episode(tmp_path / "a.mcap", 5), tmp_path / "b.mcap"
    bad.write_bytes(good.read_bytes()[:-300])
    with pytest.raises(EpisodeError, match="damaged"):
        export([good, bad])
    assert not list((tmp_path / "out").iterdir())
    assert export([good])["episodes"] == 1
    assert [folder.name for folder in (tmp_path / "out").iterdir()] == ["set"]


def test_what_another_export_writes_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "set.part").mkdir()
    (tmp_path / "set.part" / "x").touch()
    with pytest.raises(EpisodeError, match=r"set\.part is being written, or was never finished"):
        export_folder([write_episode(tmp_path / "a.mcap", 5)], tmp_path / "set")
    assert (tmp_path / "set.part" / "x").exists()


@pytest.mark.parametrize("size_px", [(0, 0), (300, 0), (15, 16), (4097, 16)])
def test_sizes_that_no_image_has_are_refused_before_anything_is_written(
    tmp_path: Path, size_px: tuple[int, int]
) -> None:
    with pytest.raises(ConfigError, match=f"{size_px[0]}x{size_px[1]}: use 16 to 4096"):
        export_folder([write_episode(tmp_path / "a.mcap", 5)], tmp_path / "out", size_px=size_px)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mcap"]


def test_who_lacks_pyarrow_is_told_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"make setup.*\.\[lerobot\]"):
        export_lerobot([], tmp_path / "set", task="Fly.")

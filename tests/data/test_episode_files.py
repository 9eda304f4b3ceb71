"""Episodes: written whole, read back, readable by others, repaired when broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liquid_nav.data import EpisodeMetadata, EpisodeWriter, list_episodes, read_episode
from liquid_nav.errors import EpisodeError
from liquid_nav.types import CameraFrame, Odometry, VelocityCommand

META = EpisodeMetadata(world="forest", seed=42, season="autumn", config_hash="abc", software="0.1.0", pilot="expert")
STEPS = 60


def _step(index: int) -> tuple:
    picture = np.full((48, 64, 3), (index * 4) % 255, dtype=np.uint8)
    mask = np.zeros((48, 64), dtype=bool)
    mask[10:20, index % 50 : index % 50 + 8] = True
    turn = np.array([0.0, 0.0, np.sin(0.3), np.cos(0.3)])
    velocity, rates = np.array([0.5, -0.2, 0.1]), np.array([0.1, 0.2, 0.3])
    odometry = Odometry(0.05 * index, np.array([index, 1.0, 2.0]), velocity, turn, rates)
    return (
        CameraFrame(picture, 0.05 * index),
        odometry,
        VelocityCommand(1.0, 0.5, -0.25, 0.1 * index),
        VelocityCommand(0.5, 0.0, 0.0, -0.1),
        np.array([4.0, 5.0, 6.0]),
        mask,
        np.linspace(0.5, 8.0, 32, dtype=np.float32) + index % 3,
    )


def _write(path: Path, steps: int = STEPS) -> Path:
    with EpisodeWriter(path, META) as writer:
        for index in range(steps):
            writer.write_step(*_step(index))
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    episode = read_episode(_write(tmp_path / "a.mcap"))
    assert episode.metadata == META
    assert len(episode.steps) == STEPS and episode.lost_bytes == 0
    for index in (0, 17, STEPS - 1):
        frame, odometry, command, expert, target, mask, ranges = _step(index)
        step = episode.steps[index]
        assert step.frame.stamp_s == pytest.approx(frame.stamp_s, abs=1e-9)
        assert np.abs(step.frame.rgb.astype(int) - frame.rgb).max() <= 3
        assert np.allclose(step.odometry.position_enu_m, odometry.position_enu_m)
        assert np.allclose(step.odometry.velocity_enu_m_s, odometry.velocity_enu_m_s)
        assert np.allclose(step.odometry.attitude_xyzw, odometry.attitude_xyzw)
        assert np.allclose(step.command.as_array(), command.as_array())
        assert np.allclose(step.expert.as_array(), expert.as_array())
        assert np.allclose(step.target_position_enu_m, target)
        assert np.array_equal(step.target_mask, mask)
        assert np.array_equal(step.obstacle_ranges_m, ranges)


def test_other_programs_read_it(tmp_path: Path) -> None:
    from mcap_ros2.reader import read_ros2_messages

    path = _write(tmp_path / "a.mcap")
    topics = {"/camera/image/compressed", "/camera/camera_info", "/odom", "/cmd_vel", "/expert/cmd_vel", "/target/pose"}
    counts: dict[str, int] = {}
    for item in read_ros2_messages(str(path)):
        counts[item.channel.topic] = counts.get(item.channel.topic, 0) + 1
        if item.channel.topic == "/cmd_vel":
            assert item.ros_msg.header.frame_id == "base_link"
            assert item.ros_msg.twist.linear.x == 1.0
    assert topics <= set(counts)
    assert set(counts.values()) == {STEPS}


def test_an_exception_leaves_a_marked_part_that_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with pytest.raises(RuntimeError, match="battery"), EpisodeWriter(path, META) as writer:
        for index in range(10):
            writer.write_step(*_step(index))
        raise RuntimeError("battery")
    part = tmp_path / "a.mcap.part"
    assert not path.exists() and part.exists()
    assert list_episodes(tmp_path) == []
    with pytest.raises(EpisodeError, match="repair=True"):
        read_episode(part)
    assert len(read_episode(part, repair=True).steps) == 10


@pytest.mark.parametrize("share", [0.95, 0.6])
def test_a_truncated_file_is_refused_and_repaired_up_to_its_break(tmp_path: Path, share: float, monkeypatch) -> None:
    path = tmp_path / "a.mcap"
    rng = np.random.default_rng(1)
    with EpisodeWriter(path, META) as writer:
        for index in range(200):
            frame, *rest = _step(index)
            noisy = rng.integers(0, 255, (144, 256, 3)).astype(np.uint8)
            writer.write_step(CameraFrame(noisy, frame.stamp_s), *rest)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(EpisodeError, match="damaged"):
        read_episode(path)
    episode = read_episode(path, repair=True)
    assert 0.3 * 200 < len(episode.steps) < 200
    assert episode.metadata == META
    assert 0 < episode.lost_bytes < 0.5 * len(data)


def test_a_flipped_byte_is_noticed_though_the_file_has_its_full_length(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    rng = np.random.default_rng(2)
    with EpisodeWriter(path, META) as writer:
        for index in range(100):
            frame, *rest = _step(index)
            noisy = rng.integers(0, 255, (144, 256, 3)).astype(np.uint8)
            writer.write_step(CameraFrame(noisy, frame.stamp_s), *rest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(EpisodeError, match="damaged"):
        read_episode(path)
    episode = read_episode(path, repair=True)
    assert 0 < len(episode.steps) < 100
    assert episode.lost_bytes > 0


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89MCAP0\r\n" + b"\x00" * 64])
def test_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(content)
    with pytest.raises(EpisodeError, match=r"a\.mcap"):
        read_episode(path)
    with pytest.raises(EpisodeError, match=r"not an (MCAP file|episode of this project)"):
        read_episode(path, repair=True)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match="does not exist"):
        read_episode(tmp_path / "none.mcap")
    with pytest.raises(EpisodeError, match="not a folder"):
        list_episodes(tmp_path / "none")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mcap", 2)
    before = path.read_bytes()
    with pytest.raises(EpisodeError, match="exists already"):
        EpisodeWriter(path, META)
    assert path.read_bytes() == before


def test_a_file_where_the_folder_should_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EpisodeError, match="cannot be written"):
        EpisodeWriter(tmp_path / "file" / "a.mcap", META)

"""Films run as long as what they show."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from training.film import Film


@pytest.mark.parametrize("camera_hz", [5.0, 20.0, 29.97, 60.0])
def test_a_film_shows_each_picture_at_its_time(tmp_path: Path, camera_hz: float) -> None:
    stamps_s = 1234.5 + np.arange(30) / camera_hz
    stamps_s[10:] += 2.0  # the camera was silent
    with Film(tmp_path / "film.mp4", (64, 48)) as film:
        for index, stamp_s in enumerate(stamps_s):
            film.add(np.full((48, 64, 3), 8 * index, dtype=np.uint8), float(stamp_s))
    with av.open(str(tmp_path / "film.mp4")) as read:
        frames = [(float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")) for frame in read.decode()]
    assert [at_s for at_s, _ in frames] == pytest.approx(list(stamps_s - stamps_s[0]), abs=0.002)
    assert [picture.mean() for _, picture in frames] == pytest.approx([8.0 * index for index in range(30)], abs=6.0)

"""Memory stays flat while the whole graph flies mission after mission."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from benchmarks.soak import GROWTH, soak


@pytest.mark.slow
@pytest.mark.ros
@pytest.mark.timeout(1200)
def test_memory_grows_by_less_than_5_percent_over_minutes_of_missions(tmp_path: Path) -> None:
    seen = soak(5.0, tmp_path)
    assert seen.simulated_s >= 300.0
    assert seen.missions >= 3
    assert seen.total_growth < GROWTH, seen.growth()

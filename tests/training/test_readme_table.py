"""The table of the README holds flights of one policy alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liquid_nav.errors import ConfigError
from training.readme_table import measured


def _write(folder: Path, weights: str | None, *conditions: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"name": condition, "episodes": 100} for condition in conditions]
    results = {"policy": "p", "software": "1", "split": "test", "seed": 14, "conditions": rows}
    (folder / "results.json").write_text(json.dumps(results | ({"weights": weights} if weights else {})))


@pytest.mark.parametrize("weights", [None, "0123456789ab"])
def test_flights_of_other_weights_by_the_same_name_are_refused(tmp_path: Path, weights: str | None) -> None:
    _write(tmp_path, "0123456789ab", "woods")
    _write(tmp_path / "hundred" / "city", weights, "city")
    assert len(measured(tmp_path / "results.json", tmp_path / "hundred")["conditions"]) == 2
    _write(tmp_path / "hundred" / "city", "ba9876543210", "city")
    with pytest.raises(ConfigError, match=r"weights 'ba9876543210'.*fly it again"):
        measured(tmp_path / "results.json", tmp_path / "hundred")

"""From the cockpit to a policy: record in the real graph, draw the masks, train."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

pytest.importorskip("rclpy")

from typer.testing import CliRunner

from liquid_nav import load_policy
from liquid_nav.data import list_episodes, open_episode, read_episode
from tests.cockpit.fake_graph import Page
from training.cli import app
from training.cockpit import CockpitFlight, CockpitPlan
from training.fly import FlightPlan

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]
SEED = 5000
WAIT_S = 60.0
TRAINING = """
train: {encoder_epochs: 1, joint_epochs: 1, encoder_batch: 32, joint_batch: 2, sequence_steps: 16, threads: 1}
"""


async def _until(condition: Callable[[], Any], again: Callable[[], Awaitable[None]] | None = None) -> None:
    """Wait until something is true, doing something now and then meanwhile."""
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        if again is not None:
            await again()
        await asyncio.sleep(0.3)


class _Pilot:
    """Somebody at the page of the real cockpit."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.beating = True

    def value(self, name: str) -> Any:
        """What the page shows."""
        return self.page.state.get("values", {}).get(name) or {}

    def press(self, name: str) -> Callable[[], Awaitable[None]]:
        """What presses a button."""
        return lambda: self.page.send(kind="order", name=name, number=1)

    async def fly(self, seconds: float) -> None:
        """Engage and climb until the simulation has gone on for so long."""

        async def engage() -> None:
            if self.value("flight_state") != "engaged":
                await self.press("engage")()

        self.page.stick = [0.2, 0.0, 0.3, 0.3]
        await _until(lambda: self.value("sim").get("started") and self.value("sim")["time_s"] >= seconds, engage)
        self.page.stick = None


async def _record(address: str) -> None:
    """Record a flight in one forest and another one in the next."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        await session.get(address)
        pilot = _Pilot(Page(await session.ws_connect(address.partition("?")[0] + "socket")))
        await _until(lambda: pilot.value("sim"))
        await _until(lambda: pilot.value("recording").get("recording"), pilot.press("record"))
        await pilot.fly(3.0)
        await pilot.press("next")()
        await _until(lambda: pilot.value("sim")["seed"] == SEED + 1)
        await pilot.fly(3.0)
        await _until(lambda: not pilot.value("recording")["recording"], pilot.press("stop"))
        await pilot.page.close()


def test_a_flight_from_the_cockpit_becomes_training_data(tmp_path: Path) -> None:
    plan = FlightPlan("forest", SEED, options={"season": "autumn", "decoys": True}, renderer="tiny")
    cockpit = CockpitPlan(tmp_path / "episodes", port=0, pilot="Ada O'Neil")
    with CockpitFlight(plan, cockpit, tmp_path / "runs") as flight:
        asyncio.run(_record(flight.address))
    (path,) = list_episodes(tmp_path / "episodes")
    meta = open_episode(path).metadata
    assert (meta.world, meta.seed, meta.season, meta.pilot) == ("forest", SEED, "autumn", "Ada O'Neil")
    assert meta.horizontal_fov_rad == pytest.approx(1.396)
    assert meta.extra["options"] == "decoys=True season=autumn" and json.loads(meta.extra["camera"])["k1"] == 0.0

    run = CliRunner().invoke
    masked = tmp_path / "masked"
    answer = run(app, ["relabel", str(tmp_path / "episodes"), "--masks", "--out", str(masked), "--renderer", "tiny"])
    assert answer.exit_code == 0, answer.exception
    files = list_episodes(masked)
    assert [open_episode(file).metadata.seed for file in files] == [SEED, SEED + 1]
    steps = [step for file in files for step in read_episode(file).steps]
    assert all(step.target_mask is not None for step in steps) and sum(step.labelled for step in steps) > 60
    assert any(step.target_mask.any() for step in steps)

    (tmp_path / "short.yaml").write_text(TRAINING)
    for folder in (masked, tmp_path / "episodes"):  # with masks and, though less is learned, without
        out = tmp_path / f"policy-{folder.name}"
        answer = run(app, ["train", str(folder), "--out", str(out), "--config", str(tmp_path / "short.yaml")])
        assert answer.exit_code == 0, answer.exception
        assert load_policy(out).name == "ncp_cfc_19"

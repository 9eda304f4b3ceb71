"""A controller and a fake autopilot on one clock, joined by real UDP on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from liquid_nav.flight.config import FlightConfig
from liquid_nav.flight.controller import Notice
from liquid_nav.flight.mavlink_controller import MavlinkController
from liquid_nav.flight.mavlink_link import MavlinkLink
from liquid_nav.flight.state_machine import FlightState
from liquid_nav.flight.transport import open_transport
from liquid_nav.types import VelocityCommand
from tests.fake_ardupilot import FakeArduPilot
from tests.fake_autopilot import STEP_S, FakeAutopilot
from tests.fake_px4 import FakePx4

FORWARD = VelocityCommand(forward_m_s=2.0)
LONGEST_S = 120.0
FAKES: dict[str, Any] = {"px4": FakePx4.safe, "ardupilot": FakeArduPilot.safe}


class Bench:
    """Both sides of a flight.

    Args:
        fake: the vehicle.
        config: of the controller.
        autopilot: that the controller expects.
        key: of the controller's link.
    """

    def __init__(
        self,
        fake: FakeAutopilot,
        config: FlightConfig | None = None,
        *,
        autopilot: str = "auto",
        key: bytes | None = None,
    ) -> None:
        self.fake, self.now_s = fake, 10.0
        config = config or FlightConfig()
        link = MavlinkLink(
            open_transport(f"udpout:127.0.0.1:{fake.port}"), config.system_id, config.component_id, key
        )
        self.controller = MavlinkController(link, config, autopilot)
        self.notices: list[Notice] = []
        self.commands: Callable[[], VelocityCommand | None] = lambda: None
        self.controller_lives = True

    @property
    def state(self) -> FlightState:
        return self.controller.state

    def tick(self) -> None:
        """Go on by 10 ms; a command, where there is one, comes at 20 Hz."""
        self.now_s += STEP_S
        self.fake.step(self.now_s)
        if not self.controller_lives:
            return
        command = self.commands() if round(self.now_s / STEP_S) % 5 == 0 else None
        if command is not None:
            self.controller.take_command(command, self.now_s, self.now_s)
        self.controller.step(self.now_s)
        self.notices += self.controller.notices()

    def run(self, duration_s: float) -> None:
        """Go on for a while."""
        end_s = self.now_s + duration_s
        while self.now_s < end_s:
            self.tick()

    def until(self, condition: Callable[[], bool], limit_s: float = LONGEST_S) -> float:
        """Go on until something is so; return how long it took."""
        start_s = self.now_s
        while not condition():
            assert self.now_s - start_s < limit_s, f"still {self.state}: {[notice.text for notice in self.notices]}"
            self.tick()
        return self.now_s - start_s

    def reach(self, state: FlightState, limit_s: float = LONGEST_S) -> float:
        """Go on until the flight is in a state; return how long it took."""
        return self.until(lambda: self.state is state, limit_s)

    def request(self, action: str) -> str:
        return self.controller.request(action, self.now_s)

    def fly_to_hold(self) -> None:
        """From the ground to holding."""
        self.reach(FlightState.READY)
        self.request("arm")
        self.reach(FlightState.ARMED)
        self.request("takeoff")
        self.reach(FlightState.HOLD)

    def fly_to_engaged(self, command: VelocityCommand = FORWARD) -> None:
        """From the ground to following a steady command."""
        self.fly_to_hold()
        self.commands = lambda: command
        self.run(0.2)
        self.request("engage")

    def said(self, text: str) -> bool:
        """Whether a notice holds this text."""
        return any(text in notice.text for notice in self.notices)

    def close(self) -> None:
        self.controller.close()
        self.fake.close()

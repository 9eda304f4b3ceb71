"""Flies an autopilot by its address, PX4 SITL, ArduPilot SITL or a vehicle in a net, with bridge and safety filter.

    python -m benchmarks.autopilot_flight udpin:127.0.0.1:14540        # PX4 SITL
    python -m benchmarks.autopilot_flight tcp:127.0.0.1:5760           # ArduPilot SITL

It takes off, flies each axis for some seconds, falls silent, comes back, has its bridge killed at 2 m/s, takes over
again and lands. Bridge and safety filter are the processes of ``launch/params/flight.yaml``; it needs 25 m of room.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.flight_rig import Operator
from liquid_nav.types import Odometry, VelocityCommand
from training.graph import PARAMS, Graph

AXIS_S, SETTLED_S = 5.0, 2.0
LOST_S = 6.0
STANDS_M_S = 0.15
AXES = {
    "forward": VelocityCommand(forward_m_s=2.0),
    "left": VelocityCommand(left_m_s=1.0),
    "up": VelocityCommand(up_m_s=0.5),
    "yaw rate": VelocityCommand(yaw_rate_rad_s=0.5),
}


class Flight:
    """One flight.

    Args:
        url: of the autopilot.
        folder: takes the logs.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.graph = Graph(folder)
        self.rows: list[tuple[str, str]] = []
        self.started_s = time.monotonic()
        self.graph.start("safety_node", params_file=PARAMS / "flight.yaml", parameters={"image_transport": "none"})
        self.start_bridge()
        self.operator = Operator(self.graph)

    def start_bridge(self) -> None:
        """Start the bridge by the autopilot's address."""
        self.graph.start("flight_bridge_node", params_file=PARAMS / "flight.yaml", parameters={"url": self.url})

    def note(self, what: str, value: str) -> None:
        """Add a row of the table."""
        self.rows.append((what, value))
        print(f"| {what} | {value} |", flush=True)

    def fly(self) -> None:
        """Go through everything."""
        pilot = self.operator
        pilot.reach("ready", 180.0)
        self.note("ready", f"{time.monotonic() - self.started_s:.1f} s after the start")
        pilot.wish = VelocityCommand
        pilot.fly_to_engaged()
        self.note("height after take-off", f"{self._odometry.position_enu_m[2] - self._ground_m:.2f} m")
        for name, command in AXES.items():
            self._axis(name, command)
        self._silence()
        self._death_of_the_bridge()
        self._land()

    def close(self) -> None:
        """End everything."""
        self.operator.close()
        self.graph.stop()

    @property
    def _odometry(self) -> Odometry:
        return self.operator.odometry[-1][1]

    @property
    def _ground_m(self) -> float:
        return float(self.operator.odometry[0][1].position_enu_m[2])

    def _axis(self, name: str, command: VelocityCommand) -> None:
        """Fly one axis: what is reached, and after which time 63% of it."""
        self.operator.watch(3.0)
        self._engage()
        start_s = time.monotonic()
        self.operator.wish = lambda: command
        self.operator.watch(AXIS_S)
        self.operator.wish = VelocityCommand
        flown = np.array([[at - start_s, *_body(state)] for at, state in self.operator.odometry if at >= start_s])
        index, wanted = max(enumerate(command.as_array()), key=lambda pair: abs(pair[1]))
        values, settled = flown[:, 1 + index], flown[:, 0] > AXIS_S - SETTLED_S
        rise = next((at for at, value in zip(flown[:, 0], values, strict=True) if value >= 0.63 * wanted), math.nan)
        unit = "rad/s" if index == 3 else "m/s"
        rms = float(np.sqrt(np.mean((values[settled] - values[settled].mean()) ** 2)))
        self.note(
            f"{name} {wanted:g} {unit}",
            f"reaches {values[settled].mean():.2f} {unit} (spread {rms:.2f}), 63% after {rise:.1f} s",
        )

    def _engage(self) -> None:
        """Engage again where a machine that is busy elsewhere has let commands grow old."""
        if self.operator.state != "engaged":
            self.operator.fly_to_engaged()

    def _silence(self) -> None:
        self.operator.watch(2.0)
        self._engage()
        start_s = time.monotonic()
        self.operator.wish = lambda: None
        self.operator.reach("hold")
        self.note("no more commands", f"hold after {time.monotonic() - start_s:.2f} s")
        self.operator.wish = VelocityCommand
        self._engage()

    def _death_of_the_bridge(self) -> None:
        self.operator.wish = lambda: AXES["forward"]
        self.operator.fly_steadily(4.0)
        place = self._odometry.position_enu_m
        speed = float(np.linalg.norm(self._odometry.velocity_enu_m_s[:2]))
        process = self.graph.processes["flight_bridge_node"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.operator.wish = VelocityCommand
        self.operator.watch(LOST_S)
        seen = len(self.operator.odometry)
        self.start_bridge()
        self.operator.until(lambda: len(self.operator.odometry) > seen, 60.0)
        far = float(np.linalg.norm((self._odometry.position_enu_m - place)[:2]))
        now = float(np.linalg.norm(self._odometry.velocity_enu_m_s[:2]))
        self.operator.until(lambda: self.operator.state in ("external", "disarmed"), 30.0)
        stands = "stands" if now < STANDS_M_S else f"flies at {now:.2f} m/s"
        self.note(f"bridge killed at {speed:.1f} m/s", f"{stands} {far:.1f} m on when another bridge looks")

    def _land(self) -> None:
        self.operator.reach("hold", act=lambda: self._call_in("external", "hold"))
        self.note("control taken back by an operator", "hold")
        start_s = time.monotonic()
        self.operator.reach("landing", act=lambda: self._call_in("hold", "land"))
        self.operator.reach("disarmed", 90.0)
        self.note("land", f"motors off after {time.monotonic() - start_s:.1f} s")

    def _call_in(self, state: str, action: str) -> None:
        if self.operator.state == state:
            self.operator.call(action)


def _body(state: Odometry) -> tuple[float, float, float, float]:
    """Velocity in the level body frame and yaw rate."""
    east, north, up = state.velocity_enu_m_s
    cos, sin = math.cos(state.yaw_rad), math.sin(state.yaw_rad)
    return cos * east + sin * north, cos * north - sin * east, up, float(state.angular_velocity_flu_rad_s[2])


def main() -> None:
    """Fly; status 1 when the flight does not come to its end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="of the autopilot, as of the bridge's parameter")
    url = parser.parse_args().url
    print("| what | measured |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        flight = Flight(url, Path(folder))
        try:
            flight.fly()
        except TimeoutError as error:
            print(f"error: {error}", file=sys.stderr)
            print("\n".join(text for _, text in flight.operator.notices), file=sys.stderr)
            sys.exit(1)
        finally:
            flight.close()


if __name__ == "__main__":
    main()

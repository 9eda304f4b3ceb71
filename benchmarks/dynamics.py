"""Step responses of the vehicle against gym-pybullet-drones, and gusts against Dryden's spectra.

``python benchmarks/dynamics.py`` draws ``docs/pictures/step_responses.png`` and ``gusts.png`` and prints a table.
Where gym-pybullet-drones cannot be imported, the table and the picture have our dynamics alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.signal import welch

from liquid_nav.errors import WorldError
from liquid_nav.types import Odometry, VelocityCommand
from sim_worlds.conditions import FlightConditions
from sim_worlds.physics import TICK_S, VehiclePhysics
from sim_worlds.scene import Atmosphere, Scene, Start
from sim_worlds.vehicle import load_quadrotor
from sim_worlds.wind import DrydenWind, intensities, length_scales_m
from sim_worlds.world import BACKENDS

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
HOVER_S, STEP_S, SETTLED_S = 1.0, 4.0, 0.5
BEFORE_S = 0.2
SCENE = Scene("bare", 0, 200.0, 100.0, {}, (), (), Atmosphere())
STEPS = {
    "forward 1.5 m/s": VelocityCommand(forward_m_s=1.5),
    "left 1 m/s": VelocityCommand(left_m_s=1.0),
    "up 0.8 m/s": VelocityCommand(up_m_s=0.8),
    "yaw rate 1 rad/s": VelocityCommand(yaw_rate_rad_s=1.0),
}
GUSTS = FlightConditions(wind_m_s=4.0, gust_m_s=2.0, wind_direction_rad=0.0)
HEIGHT_M, AIRSPEED_M_S = 3.0, 4.0
TRACE_S, RECORD_S, RECORD_HZ = 60.0, 7200.0, 20.0


@dataclass(frozen=True)
class Response:
    """What a step did: the commanded component over time, (ticks,), from the moment of the step."""

    values: NDArray[np.float64]
    wanted: float

    @property
    def rise_s(self) -> float:
        """Time to 63% of the step."""
        return float(np.argmax(self.values >= (1.0 - math.exp(-1.0)) * self.wanted)) * TICK_S

    @property
    def overshoot(self) -> float:
        """Share of the step by which the response exceeds it."""
        return max(0.0, float(self.values.max()) / self.wanted - 1.0)

    @property
    def steady_error(self) -> float:
        """Mean error of the last half second."""
        return float(self.values[-round(SETTLED_S / TICK_S) :].mean()) - self.wanted


def respond(backend: str, command: VelocityCommand) -> Response:
    """Hover, then fly a command."""
    start = Start((0.0, 0.0, 10.0), 0.5)
    physics = BACKENDS[backend](SCENE, start, load_quadrotor(), [], FlightConditions())
    axis = int(np.argmax(np.abs(command.as_array())))
    for _ in range(round(HOVER_S / TICK_S)):
        physics.tick(VelocityCommand())
    values = [flown(physics, axis)]
    for _ in range(round(STEP_S / TICK_S)):
        physics.tick(command)
        values.append(flown(physics, axis))
    physics.close()
    return Response(np.array(values), float(command.as_array()[axis]))


def flown(physics: VehiclePhysics, axis: int) -> float:
    """Return one component of what is flown, in the order of a command."""
    state: Odometry = physics.odometry
    cos, sin = math.cos(state.yaw_rad), math.sin(state.yaw_rad)
    vx, vy, vz = state.velocity_enu_m_s
    yaw_rate = state.angular_velocity_flu_rad_s[2]
    return float((cos * vx + sin * vy, cos * vy - sin * vx, vz, yaw_rate)[axis])


def step_responses() -> None:
    """Draw all responses and print their figures."""
    names = {"bullet": "ours"}
    try:
        respond("aviary", VelocityCommand(up_m_s=0.1))
        names["aviary"] = "gym-pybullet-drones"
    except WorldError as error:
        Console().print(str(error))
    table = Table("step", "dynamics", "63% rise s", "overshoot %", "steady error", "RMS difference")
    figure, panels = plt.subplots(1, len(STEPS), figsize=(13, 3.2), constrained_layout=True)
    for panel, (label, command) in zip(panels, STEPS.items(), strict=True):
        responses = {backend: respond(backend, command) for backend in names}
        first = responses["bullet"]
        times = np.arange(len(first.values)) * TICK_S
        panel.plot([-BEFORE_S, 0.0, 0.0, STEP_S], [0.0, 0.0, first.wanted, first.wanted], "k:", label="commanded")
        for (backend, response), style in zip(responses.items(), ("-", "--"), strict=False):
            panel.plot(times, response.values, style, label=names[backend])
            rms = float(np.sqrt(np.mean((response.values - first.values) ** 2)))
            figures = f"{response.rise_s:.3f}", f"{100 * response.overshoot:.1f}", f"{response.steady_error:+.4f}"
            table.add_row(label, names[backend], *figures, "" if backend == "bullet" else f"{rms:.4f}")
        panel.set(title=label, xlabel="s", xlim=(-BEFORE_S, 2.5))
        panel.grid(alpha=0.3)
    panels[0].legend(loc="lower right", fontsize=8)
    figure.savefig(PICTURES / "step_responses.png", dpi=90)
    Console(width=110).print(table)


def gusts() -> None:
    """Draw a minute of gusts and the spectrum of two hours against theory."""
    record = _gust_record()
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(13, 3.6), constrained_layout=True, gridspec_kw={"width_ratios": (3, 2)}
    )
    minute = record[: round(TRACE_S * RECORD_HZ)]
    level, upward = intensities(HEIGHT_M)
    horizontal_s, vertical_s = (length / AIRSPEED_M_S for length in length_scales_m(HEIGHT_M))
    rows = (
        ("along", 0, GUSTS.gust_m_s * level, horizontal_s, _first_order),
        ("across", 1, GUSTS.gust_m_s * level, horizontal_s, _second_order),
        ("up", 2, GUSTS.gust_m_s * upward, vertical_s, _second_order),
    )
    table = Table("wind", "deviation m/s", "theory", "63% memory s", "theory")
    for colour, (name, axis, sigma, time_s, theory) in zip(("C0", "C1", "C2"), rows, strict=True):
        left.plot(np.arange(len(minute)) / RECORD_HZ, minute[:, axis], colour, lw=1.0, label=name)
        hertz, power = welch(record[:, axis], RECORD_HZ, nperseg=8192)
        right.loglog(hertz[1:], power[1:], colour, lw=0.8, alpha=0.6)
        right.loglog(hertz[1:], theory(hertz[1:], sigma, time_s), colour, lw=1.5, ls="--")
        table.add_row(name, f"{record[:, axis].std():.2f}", f"{sigma:.2f}", *_memory(record[:, axis], axis, time_s))
    left.set(title="the conditions 'gusts' at 3 m, air passing at 4 m/s", xlabel="s", ylabel="m/s")
    right.set(title="spectra, dashed: Dryden", xlabel="Hz", ylabel="m²/s² per Hz", ylim=(1e-4, None))
    left.legend(loc="upper right", fontsize=8)
    for panel in (left, right):
        panel.grid(alpha=0.3)
    figure.savefig(PICTURES / "gusts.png", dpi=90)
    Console(width=110).print(table)


def _gust_record() -> NDArray[np.float64]:
    wind = DrydenWind(GUSTS, np.random.default_rng(0))
    count = round(RECORD_S * RECORD_HZ)
    return np.array([wind.velocity_enu_m_s(HEIGHT_M, AIRSPEED_M_S, 1.0 / RECORD_HZ) for _ in range(count)])


def _memory(values: NDArray[np.float64], axis: int, time_s: float) -> tuple[str, str]:
    """Return the lag at which the correlation falls below 1 / e, measured and in theory."""
    centred = values - values.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    measured = np.fft.irfft(power)[: len(centred)]
    lags = np.arange(len(centred)) / RECORD_HZ
    theory = np.exp(-lags / time_s) * (1.0 if axis == 0 else 1.0 - 0.5 * lags / time_s)
    return tuple(f"{lags[np.argmax(curve < math.exp(-1.0) * curve[0])]:.2f}" for curve in (measured, theory))


def _first_order(hertz: NDArray[np.float64], sigma: float, time_s: float) -> NDArray[np.float64]:
    return 4.0 * sigma**2 * time_s / (1.0 + (2.0 * np.pi * hertz * time_s) ** 2)


def _second_order(hertz: NDArray[np.float64], sigma: float, time_s: float) -> NDArray[np.float64]:
    square = (2.0 * np.pi * hertz * time_s) ** 2
    return 2.0 * sigma**2 * time_s * (1.0 + 3.0 * square) / (1.0 + square) ** 2


if __name__ == "__main__":
    step_responses()
    gusts()

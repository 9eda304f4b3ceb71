"""Breaks a flying graph of real processes in every way at hand, and writes down what happens and when.

    python -m benchmarks.fault_campaign                # a table, some seven minutes
    python -m benchmarks.fault_campaign --only battery --only kill

Camera (a folder of pictures), policy, safety filter, teleoperation, recorder and bridge are the processes of
``launch/params/flight.yaml``; the vehicle is the fake PX4 of the tests, over real UDP. Each fault has its own flight.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.flight_rig import Operator, free_port, pictures
from liquid_nav.types import VelocityCommand
from tests.fake_px4 import FakePx4
from training.flight_log import read_flight
from training.graph import Graph

STEADY_S = 1.5
STANDS_M_S = 0.05
LIMIT_RULES = ("none", "jerk_limit", "acceleration_limit", "speed_limit", "geofence", "floor", "ceiling")
NOT_A_NUMBER, INFINITE = VelocityCommand(math.nan), VelocityCommand(1.0, 0.0, math.inf)


class Rig:
    """One flight: the graph, the fake autopilot, the operator.

    Args:
        folder: takes logs, pictures and the recording.
        recording: file of the recorder.
    """

    def __init__(self, folder: Path, recording: Path) -> None:
        pictures(folder / "pictures")
        self.folder, self.recording = folder, recording
        port = free_port()
        self.fake = FakePx4.safe(peer=port)
        self.graph = Graph(folder / "logs")
        self.graph.start_graph(
            "flight",
            {
                "flight_bridge_node": {"url": f"udpin:127.0.0.1:{port}"},
                "camera_node": {"source": str(folder / "pictures"), "loop": True},
                "policy_node": {"autostart": True},
                "recorder_node": {"path": str(recording), "min_free_mb": 1},
            },
        )
        self.operator = Operator(self.graph)

    def signal(self, name: str, number: int) -> None:
        """Kill, stop or continue a node."""
        self.graph.processes[name].send_signal(number)

    def close(self) -> None:
        """End everything."""
        for process in self.graph.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
        self.operator.close()
        self.graph.stop()


Event = Callable[[Rig], None]


@dataclass(frozen=True)
class Fault:
    """Something that breaks.

    Attributes:
        name: in words.
        event: breaks it.
        states: that the vehicle must come to, in this order; none for a flight that goes on.
        watch_s: how long to look.
        action: of the safety filter that must be seen, where the bridge still gets commands and the filter acts alone.
    """

    name: str
    event: Event
    states: tuple[str, ...] = ("hold", "landing")
    watch_s: float = 7.5
    action: str = ""


def kill(node: str) -> Event:
    """Return an event: a process dies."""
    return lambda rig: rig.signal(node, signal.SIGKILL)


def hang(node: str) -> Event:
    """Return an event: a process stands still."""
    return lambda rig: rig.signal(node, signal.SIGSTOP)


def vehicle(**values: object) -> Event:
    """Return an event: something about the vehicle or its line changes."""

    def act(rig: Rig) -> None:
        for name, value in values.items():
            setattr(rig.fake, name, value)

    return act


def say(node: str, topic: str, command: VelocityCommand) -> Event:
    """Return an event: in place of a node, commands come that make no sense."""

    def act(rig: Rig) -> None:
        rig.operator.wish_topic = topic
        rig.signal(node, signal.SIGSTOP)
        rig.operator.wish = lambda: command

    return act


def fill_disk(rig: Rig) -> None:
    """Leave no room on the file system of the recording."""
    room = shutil.disk_usage(rig.recording.parent).free
    with (rig.recording.parent / "filler").open("wb") as file:
        file.write(bytes(room - 600_000))


FAULTS = (
    Fault("kill camera", kill("camera_node")),
    Fault("kill policy", kill("policy_node")),
    Fault("kill safety filter", kill("safety_node")),
    Fault("kill bridge", kill("flight_bridge_node"), ("AUTO.LOITER",), 3.0),
    Fault("kill recorder", kill("recorder_node"), (), 3.0),
    Fault("kill teleoperation", kill("teleop_node"), (), 3.0),
    Fault("hang policy", hang("policy_node")),
    Fault("hang safety filter", hang("safety_node")),
    Fault("hang bridge", hang("flight_bridge_node"), ("AUTO.LOITER",), 3.0),
    Fault("freeze camera: it repeats one image", lambda rig: pictures(rig.folder / "pictures", same=True), (),
          action="land"),
    Fault("NaN from the policy", say("policy_node", "liquid_nav/cmd_vel_raw", NOT_A_NUMBER), (), action="land"),
    Fault("infinity past the safety filter", say("safety_node", "liquid_nav/cmd_vel", INFINITE)),
    Fault("MAVLink line: 40% loss and 200 ms delay both ways", vehicle(loss=0.4, delay_s=0.2), ("hold",), 10.0),
    Fault("MAVLink line dead both ways", vehicle(silent=True), ("hold", "landing", "disconnected")),
    Fault("no more odometry", vehicle(no_position=True), ("hold", "landing"), 4.0),
    Fault("autopilot's clock jumps 30 s ahead", vehicle(clock_offset_s=30.0), ("hold",), 2.0),
    Fault("autopilot's clock jumps 30 s back", vehicle(clock_offset_s=-30.0), ("hold",), 2.0),
    Fault("battery falls to 20%", vehicle(battery_percent=20), ("hold",), 3.0),
    Fault("battery falls to 10%", vehicle(battery_percent=10), ("landing",), 3.0),
    Fault("pilot changes the mode", lambda rig: rig.fake.switch("POSCTL"), ("external",), 3.0),
    Fault("disk full while recording", fill_disk, (), 4.0),
)  # fmt: skip


@dataclass
class Outcome:
    """What was seen after a fault; times in seconds from it.

    Attributes:
        name: of the fault.
        verdict: first failsafe of the safety filter, with its time.
        set_points: when they stood still or ended.
        states: what the vehicle went through.
        problem: empty when all was as it must be.
    """

    name: str
    verdict: str = "none"
    set_points: str = "go on"
    states: str = "engaged"
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Return the line of the table."""
        mark = f"**{self.problem}**" if self.problem else "; ".join([self.states, *self.notes])
        return f"| {self.name} | {self.verdict} | {self.set_points} | {mark} |"


HEAD = "| fault | safety filter | set-points | vehicle |\n|---|---|---|---|"


def run_fault(fault: Fault) -> Outcome:
    """Fly, break, watch."""
    with tempfile.TemporaryDirectory() as name:
        folder, outcome = Path(name), Outcome(fault.name)
        disk = _small_disk(folder) if fault.event is fill_disk else None
        if fault.event is fill_disk and disk is None:
            outcome.notes.append("left out: a small file system needs root")
            return outcome
        rig = Rig(folder, (disk or folder) / "flight.mcap")
        try:
            with rig.fake.running():
                rig.operator.fly_steadily(STEADY_S)
                start_s = time.monotonic()
                fault.event(rig)
                rig.operator.watch(fault.watch_s)
                _judge(fault, rig, start_s, outcome)
        except TimeoutError as error:
            outcome.problem = str(error)
        finally:
            rig.close()
            if disk is not None:
                _judge_recording(rig, outcome)
                subprocess.run(["umount", str(disk)], check=False)
        return outcome


def _judge(fault: Fault, rig: Rig, start_s: float, outcome: Outcome) -> None:
    seen = [
        (at - start_s, rule, action)
        for at, rule, action in rig.operator.verdicts
        if at >= start_s and rule not in LIMIT_RULES
    ]
    firsts = {action: (rule, at) for at, rule, action in reversed(seen)}
    if firsts:
        ordered = sorted(firsts.items(), key=lambda item: item[1][1])
        outcome.verdict = ", ".join(f"`{rule}` {action} {at:.2f} s" for action, (rule, at) in ordered)
    if fault.action and fault.action not in firsts:
        outcome.problem = f"the safety filter never came to {fault.action}: {outcome.verdict}"
    states = [(at - start_s, state) for at, state in rig.operator.states if at >= start_s]
    if fault.states and fault.states[0] == rig.fake.mode:
        states.append((rig.fake.setpoint_s - start_s, "set-points end"))
        outcome.notes.append(f"the autopilot is in {rig.fake.mode}")
    outcome.set_points = _set_points(rig.fake, start_s)
    outcome.states = ", ".join(f"{state} {at:.2f} s" for at, state in states) or "engaged"
    went = iter([*(state for _, state in states), rig.fake.mode])
    if not all(state in went for state in fault.states):
        outcome.problem = f"never {' then '.join(fault.states)}: {outcome.states}"
    if not fault.states and rig.operator.state != "engaged":
        outcome.problem = f"it left engaged: {outcome.states}"


def _set_points(fake: FakePx4, start_s: float) -> str:
    """Return when the set-points that arrived stood still, or when the last came."""
    after = [(at - start_s, math.hypot(message.vx, message.vy)) for at, message in fake.setpoints if at >= start_s]
    assert fake.now_s is not None
    if not after:
        return "end at once"
    moving = [at for at, speed in after if speed > STANDS_M_S]
    silent = fake.now_s - start_s - after[-1][0] > 1.0
    if moving and moving[-1] > after[-1][0] - 0.5 and not silent:
        return "go on"
    stood = next((at for at, _ in after if not moving or at > moving[-1]), None)
    text = f"stand {stood:.2f} s" if stood is not None else ""
    end = f"end {after[-1][0]:.2f} s" if silent else ""
    return ", ".join(filter(None, (text, end)))


def _small_disk(folder: Path) -> Path | None:
    disk = folder / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True)
    return disk if done.returncode == 0 else None


def _judge_recording(rig: Rig, outcome: Outcome) -> None:
    whole = rig.recording if rig.recording.exists() else None
    if whole is None:
        outcome.problem = "there is no whole recording"
        return
    outcome.notes.append(f"the recording is whole: {len(read_flight(whole).commands)} commands")


def run_bad_parameters() -> list[Outcome]:
    """Start nodes with parameters that cannot be right; each must end with status 2 or 1 and say why."""
    cases: dict[str, Any] = {
        "parameter file that is no YAML": ("safety_node", "safety_node: [ros__parameters: {"),
        "parameter out of range": ("safety_node", "/**:\n  ros__parameters:\n    rate_hz: 1000.0\n"),
        "limits that contradict each other": (
            "safety_node", "/**:\n  ros__parameters:\n    limits: {floor_m: 5.0, ceiling_m: 4.0}\n",
        ),
        "camera that does not exist": ("camera_node", "/**:\n  ros__parameters:\n    source: /nowhere\n"),
        "policy that does not exist": (
            "policy_node", "/**:\n  ros__parameters:\n    policy: /nowhere\n    autostart: true\n",
        ),
    }  # fmt: skip
    outcomes = []
    for name, (node, text) in cases.items():
        with tempfile.TemporaryDirectory() as folder, Graph(Path(folder) / "logs") as graph:
            file = Path(folder) / "bad.yaml"
            file.write_text(text)
            start_s = time.monotonic()
            process = graph.start(node, params_file=file)
            outcome = Outcome(f"start with {name}", set_points="none")
            try:
                status = process.wait(60.0)
                outcome.states = f"`{node}` ends with status {status} after {time.monotonic() - start_s:.1f} s"
                outcome.problem = "" if status not in (0, None) else "it ended as if all were well"
            except subprocess.TimeoutExpired:
                outcome.problem = "it runs"
            outcomes.append(outcome)
    return outcomes


def main() -> None:
    """Run the campaign and print its table; status 1 when a reaction is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="faults whose name holds this; repeat it")
    chosen = parser.parse_args().only
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(HEAD, flush=True)
    outcomes = []
    for fault in FAULTS:
        if not chosen or any(text in fault.name for text in chosen):
            outcomes.append(run_fault(fault))
            print(outcomes[-1].row(), flush=True)
    if not chosen or any("start" in text for text in chosen):
        for outcome in run_bad_parameters():
            outcomes.append(outcome)
            print(outcome.row(), flush=True)
    sys.exit(1 if any(outcome.problem for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()

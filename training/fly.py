"""One flight through the real ROS 2 graph, with everything about it left in a folder."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.live import Live

from liquid_nav import __version__, load_policy
from liquid_nav.data import EpisodeMetadata
from liquid_nav.errors import EpisodeError, LiquidNavError
from sim_worlds.camera import named_camera
from sim_worlds.catalogue import check_world
from sim_worlds.conditions import named_conditions
from sim_worlds.render import make_renderer
from sim_worlds.world import make_world
from training.film import film_camera, film_flight
from training.flight_display import FrameRate, camera_line, flight_line
from training.flight_log import FlightLog, read_flight
from training.graph import Graph, GraphError, end_as_interrupted
from training.live_view import Watching
from training.map_view import save_path_picture
from training.origin import CAMERA, OPTIONS, options_text
from training.progress import CONSOLE
from training.run_folder import link_latest, new_folder, write_json
from training.viewers import Viewer

READY_S = 40.0
SILENCE_S = 30.0


@dataclass(frozen=True)
class FlightPlan:
    """What to fly.

    Attributes:
        world, seed: of the world.
        options: of the world, see :func:`sim_worlds.catalogue.world_options`.
        camera: preset of the vehicle's camera, see :data:`sim_worlds.camera.CAMERAS`.
        conditions: preset of wind, load and estimate, see :data:`sim_worlds.conditions.CONDITIONS`.
        duration_s: of a follow mission.
        policy: folder of the policy, None for the shipped one.
        realtime_factor: simulated seconds per second, 0 for as fast as it goes.
        renderer: ``"auto"``, ``"gl"`` or ``"tiny"``.
        film: make the MP4.
    """

    world: str = "city"
    seed: int = 2_000_001
    options: dict[str, Any] = field(default_factory=dict)
    camera: str = "clean"
    conditions: str = "calm"
    duration_s: float = 60.0
    policy: Path | None = None
    realtime_factor: float = 1.0
    renderer: str = "auto"
    film: bool = True


def fly(plan: FlightPlan, runs: Path, viewer: Viewer | None = None) -> dict[str, Any]:
    """Fly a mission through the ROS 2 graph, shown by a viewer meanwhile where there is one.

    Leaves ``runs/<time>/`` with ``summary.json``, ``flight.mcap``, ``flight.mp4``, ``path.png`` and the nodes' logs,
    and the link ``runs/latest`` to it. An interrupted flight is written up as far as it went.

    Returns:
        What ``summary.json`` holds.

    Raises:
        LiquidNavError: when the flight cannot begin, or a node ends before its time.
    """
    end_as_interrupted()
    policy = check_plan(plan)
    folder = new_folder(runs)
    try:
        with nullcontext() if viewer is None else Watching(folder, viewer):
            status, interrupted = _fly_graph(plan, folder)
    except GraphError as error:
        write_json(folder / "summary.json", {"success": False, "reason": str(error), "software": __version__})
        raise
    summary = {
        "success": bool(status.get("success", False)),
        "collision": bool(status.get("collision", False)),
        "tsr": float(status.get("tsr", 0.0)),
        "duration_s": float(status.get("duration_s", 0.0)),
        "world": plan.world,
        "seed": plan.seed,
        "policy": policy,
        "software": __version__,
        "mission": status.get("mission"),
        "peak_memory_mb": round(float(status.get("memory_mb", 0.0))),
        "reason": "interrupted by the user" if interrupted else status.get("reason", "the flight never began"),
        "plan": {key: str(value) if isinstance(value, Path) else value for key, value in asdict(plan).items()},
    }
    try:
        log = read_flight(folder / "flight.mcap")
    except EpisodeError as error:  # the flight counts without its recording
        log = FlightLog()
        summary["recording"] = str(error)
    summary |= _rates(log)
    write_json(folder / "summary.json", summary)
    link_latest(runs, folder)
    if log.images:
        _draw(plan, log, folder)
    return summary


def check_plan(plan: FlightPlan) -> str:
    """Return the name of a plan's policy.

    Raises:
        LiquidNavError: when the policy, the world or its options, the camera or the air cannot be flown with, which
            must be known before anything starts.
    """
    named_camera(plan.camera)
    named_conditions(plan.conditions)
    check_world(plan.world, plan.seed, plan.options)
    make_world(plan.world, plan.seed, renderer=plan.renderer, **plan.options).close()
    return load_policy(plan.policy).name


def fly_camera(
    source: str, runs: Path, *, policy: Path | None = None, viewer: Viewer | None = None
) -> dict[str, Any]:
    """Run camera, policy and safety filter without a vehicle until the source ends or Ctrl-C.

    Leaves ``commands.csv`` (what would have been flown, with verdicts), ``flight.mcap``, ``flight.mp4`` and
    ``summary.json`` in ``runs/<time>/``.

    Raises:
        LiquidNavError: when the source or the policy cannot be used.
    """
    from liquid_nav.perception.source import open_source

    end_as_interrupted()
    open_source(source).close()
    name = load_policy(policy).name
    folder = new_folder(runs)
    graph, rate = Graph(folder / "logs"), FrameRate()
    with nullcontext() if viewer is None else Watching(folder, viewer), graph:
        monitor = graph.start("monitor_node", capture=True)
        path = str(Path(source).resolve()) if Path(source).exists() else source
        own: dict[str, dict[str, object]] = {
            "recorder_node": {"path": str(folder / "flight.mcap")},
            "policy_node": {"policy": "" if policy is None else str(policy.resolve())},
            "camera_node": {"source": path, "wait_for_subscribers": 1},
        }
        camera = graph.start_graph("replay", own)["camera_node"]
        try:
            with Live(console=CONSOLE, refresh_per_second=4) as live:
                for line in _lines(monitor, graph, but=("camera_node",)):
                    live.update(camera_line(line, rate.update(line)))
                    if camera.poll() is not None:
                        break
        except KeyboardInterrupt:
            CONSOLE.print("stopping")
    if camera.returncode not in (0, None):
        raise GraphError(f"camera_node ended with status {camera.returncode}: {graph.last_words('camera_node')}")
    log = read_flight(folder / "flight.mcap")
    _write_commands(log, folder / "commands.csv")
    summary = {
        "success": bool(log.commands),
        "source": source,
        "images": len(log.images),
        "commands": len(log.commands),
        "policy": name,
        "software": __version__,
    }
    write_json(folder / "summary.json", summary)
    link_latest(runs, folder)
    if log.images:
        film_camera(log, folder / "flight.mp4")
    return summary


def _fly_graph(plan: FlightPlan, folder: Path) -> tuple[dict[str, Any], bool]:
    """Start the graph, watch it until the mission is over, stop it; return the last status."""
    status: dict[str, Any] = {}
    rate, memory_mb = FrameRate(), 0.0
    with Graph(folder / "logs") as graph:
        monitor = graph.start("monitor_node", capture=True)
        graph.start_graph("sim", own_parameters(plan, folder))
        try:
            with Live(console=CONSOLE, refresh_per_second=4) as live:
                for line in _lines(monitor, graph):
                    memory_mb = max(memory_mb, graph.memory_mb())
                    status = {**(line["status"] or status), "memory_mb": memory_mb}
                    live.update(flight_line(line, rate.update(line)))
                    if status.get("done"):
                        break
            return status, False
        except KeyboardInterrupt:
            CONSOLE.print("landing is up to the simulation; writing down what was flown")
            return status, True


def own_parameters(plan: FlightPlan, folder: Path) -> dict[str, dict[str, object]]:
    """Return what a plan sets of each node."""
    return {
        "recorder_node": {"path": str(folder / "flight.mcap"), "metadata": json.dumps(recording_facts(plan))},
        "policy_node": {"policy": "" if plan.policy is None else str(plan.policy.resolve())},
        "sim_node": {
            "world": plan.world,
            "seed": plan.seed,
            "world_options": json.dumps(plan.options),
            "camera_options": json.dumps(asdict(named_camera(plan.camera))),
            "conditions": json.dumps(asdict(named_conditions(plan.conditions))),
            "duration_s": plan.duration_s,
            "realtime_factor": plan.realtime_factor,
            "renderer": plan.renderer,
        },
    }


def recording_facts(plan: FlightPlan, pilot: str = "") -> dict[str, str]:
    """Return what a recording must say so that its world can be grown again: an episode's metadata."""
    camera = named_camera(plan.camera)
    facts = EpisodeMetadata(
        world=plan.world, seed=plan.seed, season=str(plan.options.get("season", "")), software=__version__, pilot=pilot,
        horizontal_fov_rad=camera.horizontal_fov_rad,
        extra={OPTIONS: options_text(plan.options), CAMERA: json.dumps(asdict(camera)), "conditions": plan.conditions},
    )  # fmt: skip
    return facts.to_text()


def _lines(
    monitor: subprocess.Popen[bytes], graph: Graph, *, but: tuple[str, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the monitor's lines; raise when a node ends or the flight makes no progress."""
    lines: queue.Queue[bytes | None] = queue.Queue()
    assert monitor.stdout is not None
    pipe = monitor.stdout

    def pump() -> None:
        for raw in pipe:
            lines.put(raw)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    moved, last, limit_s = time.monotonic(), None, READY_S
    while True:
        graph.check(but=but)
        if time.monotonic() - moved > limit_s:
            raise GraphError(f"nothing has happened for {limit_s:.0f} s: see the logs in {graph.log_folder}")
        try:
            raw = lines.get(timeout=0.5)
        except queue.Empty:
            continue
        if raw is None:
            raise GraphError(f"monitor_node ended early: {graph.last_words('monitor_node')}")
        line = json.loads(raw)
        if line["commands"] and line["images"] != last:
            moved, last, limit_s = time.monotonic(), line["images"], SILENCE_S
        yield line


def _draw(plan: FlightPlan, log: FlightLog, folder: Path) -> None:
    """Make the map and the film from the recording and the world it was flown in."""
    renderer = make_renderer(plan.renderer)
    world = make_world(plan.world, plan.seed, renderer=renderer, **plan.options)
    try:
        vehicle = [state.position_enu_m for state in log.odometry]
        save_path_picture(world.scene, vehicle, [place for _, place in log.targets], folder / "path.png")
        if plan.film:
            part = folder / "flight.part.mp4"
            film_flight(log, part, world=world, renderer=renderer)
            part.replace(folder / "flight.mp4")
    finally:
        world.close()
        renderer.close()


def _rates(log: FlightLog) -> dict[str, Any]:
    """Return how complete the recording is."""
    seconds = log.images[-1][0] - log.images[0][0] if len(log.images) > 1 else 0.0
    return {
        "images": len(log.images),
        "camera_hz": round((len(log.images) - 1) / seconds, 2) if seconds > 0 else 0.0,
        "answered": round(sum(round(s, 4) in log.commands for s, _ in log.images) / max(1, len(log.images)), 4),
    }


def _write_commands(log: FlightLog, path: Path) -> None:
    rows = ["stamp_s,forward_m_s,left_m_s,up_m_s,yaw_rate_rad_s,rule,action"]
    first_s = log.images[0][0] if log.images else 0.0
    for stamp_s, command in sorted(log.commands.items()):
        if stamp_s < first_s - 1e-3:  # hovering before the first image
            continue
        rule, action, _ = log.verdict_at(stamp_s + 0.05)
        values = ",".join(f"{value:.4f}" for value in command.as_array())
        rows.append(f"{stamp_s:.4f},{values},{rule},{action}")
    path.write_text("\n".join(rows) + "\n")


__all__ = ["FlightPlan", "LiquidNavError", "fly", "fly_camera"]

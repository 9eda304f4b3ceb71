"""A simulated flight with a cockpit: the whole graph, and a page to watch and fly it from."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path

from liquid_nav import load_policy
from sim_worlds.camera import named_camera
from sim_worlds.conditions import named_conditions
from sim_worlds.world import make_world
from training.fly import FlightPlan
from training.graph import PARAMS, Graph, GraphError
from training.progress import CONSOLE
from training.run_folder import new_folder

CHECK_S = 0.5
MARK = "cockpit: "


class CockpitFlight:
    """A running graph with a cockpit; use it in a ``with`` block.

    Args:
        plan: the world and who flies in it.
        runs: takes a folder with the nodes' logs.
        episodes: takes the recordings.
        cockpit: parameters of the cockpit node, such as ``{"port": 8765, "host": "0.0.0.0"}``.

    Attributes:
        address: of the page, with the pilot's token.
        graph: the nodes.

    Raises:
        LiquidNavError: when the graph cannot start.
    """

    def __init__(
        self, plan: FlightPlan, runs: Path, episodes: Path, cockpit: dict[str, object] | None = None
    ) -> None:
        load_policy(plan.policy)  # a broken policy or world must be known before anything starts
        make_world(plan.world, plan.seed, renderer=plan.renderer, **plan.options).close()
        self.graph = Graph(new_folder(runs) / "logs")
        try:
            self.address = self._start(plan, episodes, cockpit or {})
        except BaseException:
            self.graph.stop()
            raise

    def wait(self) -> None:
        """Wait until Ctrl-C; raise :class:`GraphError` when a node ends before."""
        ended = threading.Event()
        while not ended.wait(CHECK_S):
            self.graph.check()

    def __enter__(self) -> CockpitFlight:
        return self

    def __exit__(self, *_: object) -> None:
        self.graph.stop()

    def _start(self, plan: FlightPlan, episodes: Path, cockpit: dict[str, object]) -> str:
        params = PARAMS / "cockpit.yaml"
        policy = "" if plan.policy is None else str(plan.policy.resolve())
        folder = str(episodes.resolve())
        own: dict[str, dict[str, object]] = {
            "policy_node": {"policy": policy},
            "recorder_node": {"path": folder},
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
        node = self.graph.start(
            "cockpit_node",
            params_file=params,
            parameters={"policy": policy, "episodes": folder, **cockpit},
            capture=True,
        )
        for name in ("recorder_node", "safety_node", "policy_node", "flight_bridge_node", "sim_node"):
            self.graph.start(name, params_file=params, parameters=own.get(name))
        assert node.stdout is not None
        for raw in node.stdout:
            line = raw.decode(errors="replace").strip()
            if line.startswith(MARK):
                return line.removeprefix(MARK)
        raise GraphError(f"the cockpit did not start: {self.graph.last_words('cockpit_node')}")


def fly_from_cockpit(plan: FlightPlan, runs: Path, episodes: Path, cockpit: dict[str, object]) -> None:
    """Start a simulated flight, print the page's address and serve it until Ctrl-C."""
    with CockpitFlight(plan, runs, episodes, cockpit) as flight:
        CONSOLE.print(f"open [bold]{flight.address}[/bold]", soft_wrap=True)
        CONSOLE.print(f"{plan.world} {plan.seed}; episodes go to {episodes}; Ctrl-C ends")
        try:
            flight.wait()
        except KeyboardInterrupt:
            CONSOLE.print("stopping")

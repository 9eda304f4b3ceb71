"""A simulated flight with a cockpit: the whole graph, and a page to watch and fly it from."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from training.fly import FlightPlan, check_plan, own_parameters, recording_facts
from training.graph import Graph, GraphError, end_as_interrupted
from training.progress import CONSOLE
from training.run_folder import new_folder

CHECK_S = 0.5
START_S = 60.0
SIZE_PX = (480, 270)  # sharper than the policy needs: people look at it


@dataclass(frozen=True)
class CockpitPlan:
    """How the page is served.

    Attributes:
        episodes: folder that takes the recordings.
        host: ``127.0.0.1``, or ``0.0.0.0`` for everyone on the network.
        port: of the page, 0 for a free one.
        look: those without the token may look.
        pilot: who flies, for the recordings.
    """

    episodes: Path = Path("data/teleop")
    host: str = "127.0.0.1"
    port: int = 8765
    look: bool = False
    pilot: str = "person"


class CockpitFlight:
    """A running graph with a cockpit; use it in a ``with`` block.

    Args:
        plan: the world and who flies in it.
        cockpit: how the page is served.
        runs: takes a folder with the nodes' logs.

    Attributes:
        address: of the page, with the pilot's token.
        graph: the nodes.

    Raises:
        LiquidNavError: when the graph cannot start.
    """

    def __init__(self, plan: FlightPlan, cockpit: CockpitPlan, runs: Path) -> None:
        check_plan(plan)
        folder = new_folder(runs)
        self.graph = Graph(folder / "logs")
        try:
            self.address = self._start(plan, cockpit, folder)
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

    def _start(self, plan: FlightPlan, cockpit: CockpitPlan, folder: Path) -> str:
        address, episodes = folder / "address", str(cockpit.episodes.resolve())
        own = own_parameters(plan, folder)
        facts = recording_facts(plan, cockpit.pilot)
        own["recorder_node"] = {"path": episodes, "autostart": False, "metadata": json.dumps(facts)}
        own["flight_bridge_node"] = {"auto_engage": False}
        own["sim_node"] |= {"unhurried": True, "render_width": SIZE_PX[0], "render_height": SIZE_PX[1]}
        page: dict[str, object] = {
            "use_sim_time": True,
            "host": cockpit.host,
            "port": cockpit.port,
            "look": cockpit.look,
            "episodes": episodes,
            "policy": own["policy_node"]["policy"],
            "address_file": str(address),
        }
        self.graph.start_graph("cockpit", {"cockpit_node": page})
        self.graph.start_graph("sim", own)
        self.graph.start("teleop_node", parameters={"use_sim_time": True})
        deadline = time.monotonic() + START_S
        while not address.exists():
            self.graph.check()
            if time.monotonic() > deadline:
                raise GraphError(f"the cockpit did not start within {START_S:g} s: see {self.graph.log_folder}")
            time.sleep(0.1)
        return address.read_text().strip()


def fly_from_cockpit(plan: FlightPlan, cockpit: CockpitPlan, runs: Path) -> None:
    """Start a simulated flight, print the page's address and serve it until Ctrl-C."""
    end_as_interrupted()
    with CockpitFlight(plan, cockpit, runs) as flight:
        CONSOLE.print(f"open {flight.address}", soft_wrap=True, style="bold", highlight=False)
        CONSOLE.print(f"{plan.world} {plan.seed}, ROS_DOMAIN_ID={flight.graph.domain_id}", highlight=False)
        CONSOLE.print(f"episodes go to {cockpit.episodes}, Ctrl-C ends", highlight=False)
        try:
            flight.wait()
        except KeyboardInterrupt:
            CONSOLE.print("stopping")

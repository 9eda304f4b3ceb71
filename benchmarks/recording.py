"""What recording a flight costs, and whether anything is lost: the recorder node and a whole graph's topics over DDS.

``python benchmarks/recording.py [--seconds 20] [--json]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from mcap.reader import make_reader
from rich.console import Console
from rich.table import Table

from training.graph import Graph, ros_environment

CASES = ((256, 144, 30.0), (1280, 720, 30.0))
PUBLISHER = Path(__file__).with_name("published_flight.py")


@dataclass(frozen=True)
class Row:
    """What was measured at one image size; shares are of one core."""

    image: str
    hz: float
    megabytes_per_s: float
    core_share: float
    images_sent: int
    images_kept: int
    others_kept: float


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(width: int, height: int, hz: float, seconds: float) -> Row:
    """Record one flight's topics and count what the file holds."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.mcap"
        with Graph(Path(name) / "logs") as graph:
            recorder = graph.start("recorder_node", parameters={"path": str(path)})
            command = [sys.executable, str(PUBLISHER), *map(str, (width, height, hz, seconds))]
            flight = subprocess.Popen(
                command, env=ros_environment(graph.domain_id), stdout=subprocess.PIPE, stderr=sys.stderr, text=True
            )
            part = path.with_name("a.mcap.part")
            while not part.exists() or part.stat().st_size < 50_000:
                time.sleep(0.02)
                graph.check()
            before, begun = cpu_seconds(recorder.pid), time.monotonic()
            time.sleep(seconds - 2.0)
            share = (cpu_seconds(recorder.pid) - before) / (time.monotonic() - begun)
            sent = json.loads(flight.communicate()[0])
            graph.stop()
        with path.open("rb") as file:
            summary = make_reader(file).get_summary()
        assert summary is not None and summary.statistics is not None
        counts = {summary.channels[key].topic: n for key, n in summary.statistics.channel_message_counts.items()}
        kept = counts.pop("/camera/image/compressed", 0)
        beats = sum(n for topic, n in counts.items() if topic != "/diagnostics")
        # The recorder's own signs of life are among the diagnostics; more than were sent count as all.
        others = beats + min(counts.get("/diagnostics", 0), sent["images"])
        return Row(
            f"{width}x{height}", hz, path.stat().st_size / seconds / 1e6, share, sent["images"], kept,
            others / sent["others"],
        )  # fmt: skip


def main(
    seconds: Annotated[float, typer.Option(help="Of each recording.", min=5.0, max=600.0)] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Measure every case."""
    rows = [measure(*case, seconds) for case in CASES]
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    table = Table("image", "Hz", "MB/s", "share of a core", "images sent", "images kept", "other messages kept")
    for row in rows:
        table.add_row(
            row.image, f"{row.hz:.0f}", f"{row.megabytes_per_s:.2f}", f"{row.core_share:.1%}", str(row.images_sent),
            str(row.images_kept), f"{row.others_kept:.2%}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)

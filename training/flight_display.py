"""One line on the terminal that says how a flight goes."""

from __future__ import annotations

from collections import deque
from typing import Any

from rich.text import Text


class FrameRate:
    """Images per second of wall time over the last lines of the monitor."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=8)

    def update(self, line: dict[str, Any]) -> float:
        """Take a line; return the rate."""
        self._seen.append((float(line["wall_s"]), int(line["images"])))
        seconds = self._seen[-1][0] - self._seen[0][0]
        return (self._seen[-1][1] - self._seen[0][1]) / seconds if seconds > 0 else 0.0


def flight_line(line: dict[str, Any], frames_per_second: float) -> Text:
    """Return progress, distance, view, TSR and the acting safety rule of a flight."""
    status = line["status"]
    if not status or not status.get("started"):
        return Text("starting the graph: world, policy, safety filter, recorder ...", no_wrap=True)
    share = min(1.0, status["time_s"] / max(status["limit_s"], 1e-9))
    seen = "[green]in view[/]" if status["in_view"] else "[yellow]hidden [/]"
    parts = (
        "━" * round(16 * share) + "[dim]" + "━" * (16 - round(16 * share)) + "[/]",
        f"{status['time_s']:4.1f}/{status['limit_s']:.0f} s",
        f"{status['distance_m']:4.1f} m",
        seen,
        f"TSR {100 * status['tsr']:3.0f}%" if status["tsr_counts"] else "TSR  --",
        f"safety {line['rule']}",
        f"{frames_per_second:.0f} frames/s",
    )
    text = Text.from_markup("  ".join(parts))
    text.no_wrap = True
    return text


def camera_line(line: dict[str, Any], frames_per_second: float) -> Text:
    """Return the counts of a session without a vehicle."""
    counts = f"images {line['images']}  commands {line['commands']}  safety {line['rule']}"
    return Text(f"{counts}  {frames_per_second:.0f} frames/s", no_wrap=True)

"""Work that takes processor time and memory, done by a process of its own so that no pilot waits for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rosbags.serde import SerdeError

from liquid_nav.errors import LiquidNavError

LONGEST_S = 120.0
POLITE = 10
HERE = Path(__file__).resolve().parents[2]


class NoAnswerError(LiquidNavError):
    """The other process took too long or died."""


def judged(path: Path) -> list[dict[str, str]]:
    """Return what is wrong with an episode, each with ``name`` and ``text``; waits for another process."""
    try:
        return list(_ask("findings", str(path)))
    except NoAnswerError as error:
        return [not_judged(str(error))]


def not_judged(reason: str) -> dict[str, str]:
    """Return the finding that says why nothing is known of an episode."""
    return {"name": "not_judged", "text": f"not judged: {reason}"}


def wiring(folder: Path | None) -> dict[str, Any] | None:
    """Return :func:`liquid_nav.cockpit.network.wiring_facts`, None when the policy cannot be drawn."""
    try:
        facts: dict[str, Any] | None = _ask("wiring", "" if folder is None else str(folder))
    except NoAnswerError:
        return None
    return facts


def _ask(what: str, argument: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "liquid_nav.cockpit.judge", what, argument]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_S, check=True)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(f"it took longer than {LONGEST_S:g} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoAnswerError(last or f"the judge ended with status {error.returncode}") from error
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"the judge cannot be asked ({error})") from error


def main() -> None:
    """Answer one question on standard output."""
    os.nice(POLITE)
    what, argument = sys.argv[1:]
    try:
        if what == "wiring":
            from liquid_nav.cockpit.network import wiring_facts

            print(json.dumps(wiring_facts(Path(argument) if argument else None)))
        else:
            from liquid_nav.data.quality import check
            from liquid_nav.data.reader import open_episode

            quality = check(open_episode(Path(argument), repair=True))
            print(json.dumps([{"name": each.name, "text": each.text} for each in quality.findings]))
    except (LiquidNavError, SerdeError) as error:
        print(json.dumps([{"name": "unreadable", "text": str(error)}]) if what == "findings" else "null")


if __name__ == "__main__":
    main()

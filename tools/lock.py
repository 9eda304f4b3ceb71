"""Writes ``requirements.lock``: every package that ``requirements.in`` needs, with its exact version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ["-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]


def main() -> None:
    """Ask pip what it would install, and write it down."""
    answer = subprocess.run(
        [sys.executable, *COMMAND, "-r", str(ROOT / "requirements.in")], check=True, capture_output=True, text=True
    )
    report = json.loads(answer.stdout)
    # A build tag such as +cpu exists on some indexes only; the version without it matches all of them.
    pins = {item["metadata"]["name"]: item["metadata"]["version"].split("+")[0] for item in report["install"]}
    lines = [f"{name}=={version}" for name, version in sorted(pins.items(), key=lambda pin: pin[0].lower())]
    head = "# Made by `make lock` from requirements.in; do not edit."
    (ROOT / "requirements.lock").write_text("\n".join([head, *lines]) + "\n")


if __name__ == "__main__":
    main()

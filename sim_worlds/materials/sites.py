"""What stands in halls, on building sites and in snowfields."""

from __future__ import annotations

from sim_worlds.materials.painting import Painter

PAINTERS: dict[str, Painter] = {}

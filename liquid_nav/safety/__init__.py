"""The last word before the autopilot: limits, fences and watchdogs on every command."""

from __future__ import annotations

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.filter import SafetyFilter

__all__ = ["SafetyConfig", "SafetyFilter"]

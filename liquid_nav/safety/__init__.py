"""The safety filter: the last word on every command, with a reason."""

from __future__ import annotations

from liquid_nav.safety.config import SafetyConfig
from liquid_nav.safety.filter import SafetyFilter
from liquid_nav.safety.situation import STRICTNESS

__all__ = ["STRICTNESS", "SafetyConfig", "SafetyFilter"]

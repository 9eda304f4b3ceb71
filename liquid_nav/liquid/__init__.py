"""Liquid layers: closed-form continuous-time, liquid time-constant and liquid-capacitance networks, sparsely wired."""

from __future__ import annotations

from liquid_nav.liquid.cfc import CfC
from liquid_nav.liquid.lrc import LRC
from liquid_nav.liquid.ltc import LTC
from liquid_nav.liquid.wiring import NCP, AutoNCP, FullyConnected, Wiring

__all__ = ["LRC", "LTC", "NCP", "AutoNCP", "CfC", "FullyConnected", "Wiring"]

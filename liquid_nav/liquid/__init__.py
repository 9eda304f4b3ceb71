"""Liquid layers: closed-form continuous-time and liquid time-constant networks with sparse wirings."""

from __future__ import annotations

from liquid_nav.liquid.cfc import CfC
from liquid_nav.liquid.ltc import LTC
from liquid_nav.liquid.wiring import NCP, AutoNCP, FullyConnected, Wiring

__all__ = ["LTC", "NCP", "AutoNCP", "CfC", "FullyConnected", "Wiring"]

"""Heads: what a policy remembers with. Each gets the same features, the same elapsed times and the same training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from liquid_nav.liquid import LRC, LTC, NCP, CfC, FullyConnected
from liquid_nav.policy.config import DEFAULT_MODEL, PolicyConfig
from liquid_nav.policy.heads.base import MOTORS, Head
from liquid_nav.policy.heads.liquid import LiquidHead
from liquid_nav.policy.heads.recurrent import GRUHead, GRUODEHead, LSTMHead
from liquid_nav.policy.heads.transformer import TransformerHead
from liquid_nav.policy.heads.window import FrameStackHead, TCNHead

__all__ = ["DEFAULT_MODEL", "MODELS", "Head", "Model", "make_head", "make_wiring"]
BACKBONE_PER_UNIT = 2


@dataclass(frozen=True)
class Model:
    """One kind of head.

    Attributes:
        title: for people.
        source: where its equations stand.
        liquid: whether it is one of the liquid family.
        sizes: values of ``units`` worth a trial; none where the wiring alone says the size.
        build: makes it.
    """

    title: str
    source: str
    liquid: bool
    sizes: tuple[int, ...]
    build: Callable[[PolicyConfig], Head]


def make_wiring(config: PolicyConfig) -> NCP:
    """Return the NCP wiring of the policy: inter -> command -> motor neurons."""
    return NCP(
        inter_neurons=config.inter_neurons,
        command_neurons=config.command_neurons,
        motor_neurons=MOTORS,
        sensory_fanout=max(1, config.inter_neurons // 2),
        inter_fanout=max(1, config.command_neurons // 2),
        recurrent_command_synapses=config.command_neurons,
        motor_fanin=max(1, config.command_neurons // 2),
        seed=config.wiring_seed,
    )


def _ncp_cfc(config: PolicyConfig) -> Head:
    return LiquidHead(CfC(config.features, make_wiring(config), mode=config.cfc_mode))


def _cfc(config: PolicyConfig) -> Head:
    backbone = BACKBONE_PER_UNIT * config.units
    layer = CfC(config.features, config.units, mode=config.cfc_mode, backbone_units=backbone, proj_size=MOTORS)
    return LiquidHead(layer)


def _mixed_cfc(config: PolicyConfig) -> Head:
    return LiquidHead(CfC(config.features, make_wiring(config), mode=config.cfc_mode, mixed_memory=True))


def _ncp_ltc(config: PolicyConfig) -> Head:
    return LiquidHead(LTC(config.features, make_wiring(config)))


def _ltc(config: PolicyConfig) -> Head:
    return LiquidHead(LTC(config.features, FullyConnected(config.units, MOTORS)))


def _lrc(config: PolicyConfig) -> Head:
    return LiquidHead(LRC(config.features, FullyConnected(config.units, MOTORS)))


_NO_SIZES: tuple[int, ...] = ()
_SMALL, _LARGE = (16, 24, 32), (16, 32, 64)
MODELS = {
    "ncp-cfc": Model("CfC, NCP wiring", "arXiv:2106.13898", True, _NO_SIZES, _ncp_cfc),
    "cfc": Model("CfC, dense", "arXiv:2106.13898", True, _LARGE, _cfc),
    "mixed-cfc": Model("CfC, NCP wiring, mixed memory", "arXiv:2006.04418", True, _NO_SIZES, _mixed_cfc),
    "ncp-ltc": Model("LTC, NCP wiring", "arXiv:2006.04439", True, _NO_SIZES, _ncp_ltc),
    "ltc": Model("LTC, dense", "arXiv:2006.04439", True, _SMALL, _ltc),
    "lrc": Model("LRC, dense", "arXiv:2403.08791", True, _SMALL, _lrc),
    "lstm": Model("LSTM", "Neural Computation 1997", False, _LARGE, lambda c: LSTMHead(c.features, c.units)),
    "gru": Model("GRU", "arXiv:1406.1078", False, _LARGE, lambda c: GRUHead(c.features, c.units)),
    "gru-ode": Model("GRU-ODE", "arXiv:1905.12374", False, _LARGE, lambda c: GRUODEHead(c.features, c.units)),
    "tcn": Model("TCN", "arXiv:1803.01271", False, _LARGE, lambda c: TCNHead(c.features, c.units, c.window)),
    "frame-stack": Model(
        "stacked frames", "Nature 2015", False, _LARGE, lambda c: FrameStackHead(c.features, c.units, c.window)
    ),
    "transformer": Model(
        "transformer", "arXiv:1706.03762", False, _LARGE, lambda c: TransformerHead(c.features, c.units, c.window)
    ),
}


def make_head(config: PolicyConfig) -> Head:
    """Return the head that a configuration names."""
    return MODELS[config.model].build(config)

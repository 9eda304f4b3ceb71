"""What a policy is made of: image size, encoder widths, head and command scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from liquid_nav.config import OneOf, Range, Seed, check_fields, fit, kinds_of
from liquid_nav.errors import ConfigError

DEFAULT_MODEL = "ncp-cfc"
LIQUID_MODELS = (DEFAULT_MODEL, "cfc", "mixed-cfc", "ncp-ltc", "ltc", "lrc")
RIVAL_MODELS = ("lstm", "gru", "gru-ode", "tcn", "frame-stack", "transformer")
GAZE_FEATURES = 7  # place, spread, area, strength and fullness of the target
NCP_MODELS = (DEFAULT_MODEL, "mixed-cfc", "ncp-ltc")
OLD_CELLS = {"cfc": DEFAULT_MODEL, "ltc": "ncp-ltc"}  # what ``cell`` said in files of 0.2.0 and before

_Size = Annotated[int, Range(1, 1024)]
_Pixels = Annotated[int, Range(32, 1024)]
_Scale = Annotated[float, Range(0.001, 100)]


@dataclass(frozen=True)
class PolicyConfig:
    """Architecture of a policy; written to ``policy.json`` beside the weights.

    Attributes:
        image_width_px, image_height_px: size that frames are scaled to, multiples of 16.
        encoder_channels: channels of the three strided convolutions.
        context_channels: channels of the context reader, which sees a third of the image at a glance; 0 for none.
        gaze_cells: how far around the peak of its attention, in cells of 8 pixels, the eye reads place and size of the
            target; 0 reads them from the whole image.
        scene_columns: columns into which the scene reader pools the image.
        keypoints: attention maps whose soft-argmax gives image positions; the first marks the target.
        features: size of the vector handed to the head.
        model: what remembers, one of :data:`liquid_nav.policy.heads.MODELS`.
        units: of the head, where no wiring says its size.
        window: images that heads with a bounded memory look back at, the present one among them.
        inter_neurons, command_neurons: hidden neurons of the NCP wiring; four motor neurons follow.
        wiring_seed: seed of the sparse wiring.
        cfc_mode: of CfC heads: ``"default"`` (gated), ``"pure"`` or ``"no_gate"``.
        command_scale: (m/s, m/s, m/s, rad/s) command of a motor neuron at 1.
        nominal_hz: camera rate that the policy was trained at.
        horizontal_fov_rad: field of view of the camera it was trained with.
    """

    image_width_px: _Pixels = 256
    image_height_px: _Pixels = 144
    encoder_channels: tuple[_Size, _Size, _Size] = (16, 32, 48)
    context_channels: Annotated[int, Range(0, 1024)] = 0
    gaze_cells: Annotated[int, Range(0, 64)] = 0
    scene_columns: _Size = 8
    keypoints: _Size = 8
    features: _Size = 48
    model: Annotated[str, OneOf((*LIQUID_MODELS, *RIVAL_MODELS))] = DEFAULT_MODEL
    units: _Size = 32
    window: Annotated[int, Range(2, 256)] = 16
    inter_neurons: _Size = 9
    command_neurons: _Size = 6
    wiring_seed: Seed = 22222
    cfc_mode: Annotated[str, OneOf(("default", "pure", "no_gate"))] = "default"
    command_scale: tuple[_Scale, _Scale, _Scale, _Scale] = (2.5, 1.5, 1.5, 1.5)
    nominal_hz: Annotated[float, Range(0.1, 1000)] = 20.0
    horizontal_fov_rad: Annotated[float, Range(0.01, 6.3)] = 1.396

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("image_width_px", "image_height_px"):
            if getattr(self, name) % 16:
                raise ConfigError(f"{name} is {getattr(self, name)}: use a multiple of 16 from 32 to 1024")
        if self.gaze_cells and self.features <= GAZE_FEATURES:
            raise ConfigError(f"features is {self.features}: use more than {GAZE_FEATURES} with gaze_cells")
        if self.model == "transformer" and self.units % 4:
            raise ConfigError(f"units is {self.units}: use a multiple of 4 for a transformer")

    @property
    def neurons(self) -> int:
        """Neurons (or units) of the head; with an NCP wiring its motor neurons included."""
        return self.inter_neurons + self.command_neurons + 4 if self.model in NCP_MODELS else self.units

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PolicyConfig:
        """Make a configuration from JSON values; what is unknown or does not fit raises :class:`ConfigError`."""
        if not isinstance(values, dict):
            raise ConfigError(f"config is {values!r}: use names and values")
        values = dict(values)
        if "cell" in values:
            values["model"] = OLD_CELLS[fit("cell", values.pop("cell"), Annotated[str, OneOf(tuple(OLD_CELLS))])]
        known = kinds_of(cls)
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError(f"unknown policy settings {unknown}: known are {sorted(known)}")
        return cls(**values)

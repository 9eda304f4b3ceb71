"""What a policy is made of: image size, encoder widths, head and command scale."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from liquid_nav.errors import ConfigError

DEFAULT_MODEL = "ncp-cfc"
LIQUID_MODELS = (DEFAULT_MODEL, "cfc", "mixed-cfc", "ncp-ltc", "ltc", "lrc")
RIVAL_MODELS = ("lstm", "gru", "gru-ode", "tcn", "frame-stack", "transformer")
GAZE_FEATURES = 7  # place, spread, area, strength and fullness of the target
NCP_MODELS = (DEFAULT_MODEL, "mixed-cfc", "ncp-ltc")
OLD_CELLS = {"cfc": DEFAULT_MODEL, "ltc": "ncp-ltc"}  # what ``cell`` said in files of 0.2.0 and before


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

    image_width_px: int = 256
    image_height_px: int = 144
    encoder_channels: tuple[int, int, int] = (16, 32, 48)
    context_channels: int = 0
    gaze_cells: int = 0
    scene_columns: int = 8
    keypoints: int = 8
    features: int = 48
    model: str = DEFAULT_MODEL
    units: int = 32
    window: int = 16
    inter_neurons: int = 9
    command_neurons: int = 6
    wiring_seed: int = 22222
    cfc_mode: str = "default"
    command_scale: tuple[float, float, float, float] = (2.5, 1.5, 1.5, 1.5)
    nominal_hz: float = 20.0
    horizontal_fov_rad: float = 1.396

    def __post_init__(self) -> None:
        for name in ("image_width_px", "image_height_px"):
            value = getattr(self, name)
            if not 32 <= value <= 1024 or value % 16:
                raise ConfigError(f"{name} is {value}: use a multiple of 16 from 32 to 1024")
        for name in ("scene_columns", "keypoints", "features", "units", "inter_neurons", "command_neurons"):
            if not 1 <= getattr(self, name) <= 1024:
                raise ConfigError(f"{name} is {getattr(self, name)}: use 1 to 1024")
        if len(self.encoder_channels) != 3 or min(self.encoder_channels) < 1:
            raise ConfigError(f"encoder_channels is {self.encoder_channels}: use three positive numbers")
        if not 0 <= self.context_channels <= 1024:
            raise ConfigError(f"context_channels is {self.context_channels}: use 0 to 1024")
        if not 0 <= self.gaze_cells <= 64:
            raise ConfigError(f"gaze_cells is {self.gaze_cells}: use 0 to 64")
        if self.gaze_cells and self.features <= GAZE_FEATURES:
            raise ConfigError(f"features is {self.features}: use more than {GAZE_FEATURES} with gaze_cells")
        known = (*LIQUID_MODELS, *RIVAL_MODELS)
        if self.model not in known:
            raise ConfigError(f"model is {self.model!r}: use one of {', '.join(known)}")
        if not 2 <= self.window <= 256:
            raise ConfigError(f"window is {self.window}: use 2 to 256")
        if self.model == "transformer" and self.units % 4:
            raise ConfigError(f"units is {self.units}: use a multiple of 4 for a transformer")
        if self.cfc_mode not in ("default", "pure", "no_gate"):
            raise ConfigError(f"cfc_mode is {self.cfc_mode!r}: use 'default', 'pure' or 'no_gate'")
        if len(self.command_scale) != 4 or min(self.command_scale) <= 0:
            raise ConfigError(f"command_scale is {self.command_scale}: use four positive numbers")

    @property
    def neurons(self) -> int:
        """Neurons (or units) of the head; with an NCP wiring its motor neurons included."""
        return self.inter_neurons + self.command_neurons + 4 if self.model in NCP_MODELS else self.units

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PolicyConfig:
        """Make a configuration from JSON values; unknown keys raise :class:`ConfigError`."""
        values = dict(values)
        if "cell" in values:
            cell = values.pop("cell")
            if cell not in OLD_CELLS:
                raise ConfigError(f"cell is {cell!r}: use {' or '.join(map(repr, OLD_CELLS))}")
            values["model"] = OLD_CELLS[cell]
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"unknown policy settings {unknown}: known are {sorted(known)}")
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return cls(**plain)

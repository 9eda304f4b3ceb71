"""The convolutional eye: an image becomes a small vector of where things are.

Three strided convolutions, of which each cell sees 33 pixels, feed two readers; a *context* at half their resolution
lets each cell see 113 pixels, so that a near trunk is more than bark. The *keypoint* reader turns each attention map
into an image position by a soft-argmax (Levine et al., "End-to-end training of deep visuomotor policies", JMLR 2016)
with its strength and spread; the first map is trained to lie on the target. The *scene* reader pools the same features
coarsely, so that trunks and walls keep their place in the image.

The *gaze* reads place and size of the target around the peak of its attention alone, and hands them on as they are.
What a whole map adds up, and what is normalised together with the scene, says *near* when a red car comes into the
image, and another distance on snow than in a forest.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from liquid_nav.policy.config import GAZE_FEATURES, PolicyConfig

SCENE_CHANNELS = 12
SCENE_ROWS = 3
SCENE_UNITS = 32
WIDE_CHANNELS, WIDE_UNITS = 16, 64  # of the scene reader behind a context
LEAST_AREA = 0.02  # cells; a backpack at 40 m fills 0.03


class Encoding(NamedTuple):
    """Output of the encoder for a batch of images.

    Attributes:
        features: (batch, features) in -1..1, input of the liquid network.
        target_logits: (batch, height / 8, width / 8), attention on the target before the softmax.
        fill_logits: (batch, height / 8, width / 8), share of each cell that the target fills before the sigmoid; None
            without a gaze.
    """

    features: Tensor
    target_logits: Tensor
    fill_logits: Tensor | None


class Pointwise(nn.Conv2d):
    """A convolution that sees one cell, done as the matrix product that it is, which for one image is faster."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__(channels, out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (batch, out_channels, rows, columns) of maps (batch, channels, rows, columns)."""
        return functional.linear(maps.movedim(1, -1), self.weight.flatten(1), self.bias).movedim(-1, 1)


class Context(nn.Module):
    """Adds to each cell of feature maps what stands around it; nothing until it is trained.

    Args:
        channels: of the maps.
        inner: channels inside.
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.wide = nn.Sequential(
            nn.Conv2d(channels, inner, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, inner, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, inner, 3, padding=1),
            nn.ReLU(inplace=True),
            Pointwise(inner, channels),
        )
        for parameter in self.wide[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, maps: Tensor) -> Tensor:
        """Return what to add to maps (batch, channels, rows, columns) of even size."""
        return functional.interpolate(self.wide(maps), scale_factor=2.0, mode="nearest")


class Encoder(nn.Module):
    """Images (batch, 3, height, width) in -1..1 to an :class:`Encoding`."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        first, second, third = config.encoder_channels
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, first, 5, stride=2, padding=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(second, third, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(third, third, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.context = Context(third, config.context_channels) if config.context_channels else None
        self.attention = Pointwise(third, config.keypoints)
        wide = self.context is not None
        channels, units = (WIDE_CHANNELS, WIDE_UNITS) if wide else (SCENE_CHANNELS, SCENE_UNITS)
        self.scene = Pointwise(third, channels)
        rows, columns = config.image_height_px // 8, config.image_width_px // 8
        self.register_buffer("cells", _cells(rows, columns), persistent=False)
        self.register_buffer("cell_positions", _cell_positions(rows, columns), persistent=False)
        self.scene_grid = (SCENE_ROWS, config.scene_columns)
        pooled = channels * SCENE_ROWS * config.scene_columns
        self.scene_dense = nn.Linear(pooled, units)
        self.gaze_cells = config.gaze_cells
        self.fill = Pointwise(third, 1) if config.gaze_cells else None
        mixed = config.features - GAZE_FEATURES if config.gaze_cells else config.features
        self.dense = nn.Linear(config.keypoints * 5 + units, mixed)
        # Without these, half of the units were dead and a third of the features saturated after a long training.
        self.bend = nn.LeakyReLU(0.1) if wide else nn.ReLU()
        self.scene_norm = nn.LayerNorm(pooled) if wide else nn.Identity()
        self.feature_norm = nn.LayerNorm(mixed) if wide else nn.Identity()

    def forward(self, images: Tensor) -> Encoding:
        maps = self.convolutions(images)  # (batch, channels, height / 8, width / 8)
        if self.context is not None:
            maps = maps + self.context(maps)
        logits = self.attention(maps).float()
        keypoints = self._keypoints(logits)
        pooled = functional.adaptive_avg_pool2d(self.bend(self.scene(maps)), self.scene_grid).float()
        scene = self.bend(self.scene_dense(self.scene_norm(pooled.flatten(1))))
        features = torch.tanh(self.feature_norm(self.dense(torch.cat([keypoints, scene], dim=1))))
        if self.fill is None:
            return Encoding(features, logits[:, 0], None)
        fill_logits = self.fill(maps).float()[:, 0]
        # What the target fills is learned from its mask alone, so that its size means the same everywhere.
        gaze = self._gaze(logits[:, 0], fill_logits.detach())
        return Encoding(torch.cat([features, gaze], dim=1), logits[:, 0], fill_logits)

    def _gaze(self, logits: Tensor, fill_logits: Tensor) -> Tensor:
        """Return (batch, GAZE_FEATURES): x, y, spreads, area, strength and fullness of the target around the peak.

        The peak is where attention and fill together are highest: parts of a red car deceive the one or the other,
        seldom both.

        Args:
            logits: (batch, rows, columns) attention before the softmax.
            fill_logits: (batch, rows, columns) share of each cell that the target fills, before the sigmoid.
        """
        cells: Tensor = self.cells  # type: ignore[assignment]
        attention, fill = logits.flatten(1), fill_logits.flatten(1)
        peak = (attention.detach() + fill).argmax(dim=1)
        near = (cells - cells[:, peak].T.unsqueeze(2)).abs().amax(dim=1) <= self.gaze_cells
        around = attention.masked_fill(~near, -1e4)
        place, _ = self._moments(torch.softmax(around, dim=1))
        full = torch.sigmoid(fill) * near
        area = full.sum(dim=1, keepdim=True) + LEAST_AREA
        _, spread = self._moments(full / area)
        strength = torch.tanh(0.25 * around.amax(dim=1, keepdim=True))
        fullness = full.amax(dim=1, keepdim=True)
        return torch.cat([place, spread.clamp_min(1e-6).sqrt(), 0.25 * torch.log(area), strength, fullness], dim=1)

    def _keypoints(self, logits: Tensor) -> Tensor:
        """Return (batch, keypoints * 5): x, y, spread, strength and area of every attention map."""
        cells = logits.flatten(2)
        place, variance = self._moments(torch.softmax(cells, dim=2))
        spread = variance.sum(dim=2).clamp_min(1e-6).sqrt()
        strength = torch.tanh(cells.amax(dim=2) * 0.25)
        area = torch.log(torch.sigmoid(cells).sum(dim=2) + 0.1) * 0.3
        return torch.cat([place[..., 0], place[..., 1], spread, strength, area], dim=1)

    def _moments(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance (..., 2) of x and y under weights (..., cells) of an image's cells."""
        positions: Tensor = self.cell_positions  # type: ignore[assignment]
        # A product of matrices would be rounded to 8 bits where encoders run in bfloat16.
        means = (weights.unsqueeze(-2) * positions).sum(dim=-1)
        return means[..., :2], means[..., 2:] - means[..., :2].square()


def _cells(rows: int, columns: int) -> Tensor:
    """Return (2, cells): row and column of the cells of an image, row by row."""
    return torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")).flatten(1)


def _cell_positions(rows: int, columns: int) -> Tensor:
    """Return (4, cells): x and y of the cells of an image, row by row, in -1..1, and the squares of both."""
    y, x = torch.meshgrid(torch.linspace(-1.0, 1.0, rows), torch.linspace(-1.0, 1.0, columns), indexing="ij")
    places = torch.stack([x.flatten(), y.flatten()])
    return torch.cat([places, places.square()])

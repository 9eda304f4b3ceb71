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
            nn.ReLU(),
            nn.Conv2d(inner, inner, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(inner, inner, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(inner, channels, 1),
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
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(second, third, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(third, third, 3, padding=1),
            nn.ReLU(),
        )
        self.context = Context(third, config.context_channels) if config.context_channels else None
        self.attention = nn.Conv2d(third, config.keypoints, 1)
        wide = self.context is not None
        channels, units = (WIDE_CHANNELS, WIDE_UNITS) if wide else (SCENE_CHANNELS, SCENE_UNITS)
        self.scene = nn.Conv2d(third, channels, 1)
        rows, columns = config.image_height_px // 8, config.image_width_px // 8
        self.register_buffer("column_positions", torch.linspace(-1.0, 1.0, columns), persistent=False)
        self.register_buffer("row_positions", torch.linspace(-1.0, 1.0, rows), persistent=False)
        self.scene_grid = (SCENE_ROWS, config.scene_columns)
        pooled = channels * SCENE_ROWS * config.scene_columns
        self.scene_dense = nn.Linear(pooled, units)
        self.gaze_cells = config.gaze_cells
        self.fill = nn.Conv2d(third, 1, 1) if config.gaze_cells else None
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
        columns: Tensor = self.column_positions  # type: ignore[assignment]
        rows: Tensor = self.row_positions  # type: ignore[assignment]
        width = columns.shape[0]
        peak = (logits.detach() + fill_logits).flatten(1).argmax(dim=1, keepdim=True)
        row, column = torch.div(peak, width, rounding_mode="floor"), torch.remainder(peak, width)
        near_row = (torch.arange(rows.shape[0], device=peak.device) - row).abs() <= self.gaze_cells
        near_column = (torch.arange(width, device=peak.device) - column).abs() <= self.gaze_cells
        near = near_row.unsqueeze(2) & near_column.unsqueeze(1)
        around = logits.masked_fill(~near, -1e4)
        weights = torch.softmax(around.flatten(1), dim=1).view_as(logits)
        x, y = (weights.sum(dim=1) * columns).sum(dim=1), (weights.sum(dim=2) * rows).sum(dim=1)
        full = torch.sigmoid(fill_logits) * near
        area = full.sum(dim=(1, 2))
        spread_x = _spread(full.sum(dim=1), columns, area)
        spread_y = _spread(full.sum(dim=2), rows, area)
        strength = torch.tanh(0.25 * around.amax(dim=(1, 2)))
        return torch.stack(
            [x, y, spread_x, spread_y, 0.25 * torch.log(area + LEAST_AREA), strength, full.amax(dim=(1, 2))], dim=1
        )

    def _keypoints(self, logits: Tensor) -> Tensor:
        """Return (batch, keypoints * 5): x, y, spread, strength and area of every attention map."""
        columns: Tensor = self.column_positions  # type: ignore[assignment]
        rows: Tensor = self.row_positions  # type: ignore[assignment]
        weights = torch.softmax(logits.flatten(2), dim=2).view_as(logits)
        over_columns, over_rows = weights.sum(dim=2), weights.sum(dim=3)
        x = (over_columns * columns).sum(dim=2)
        y = (over_rows * rows).sum(dim=2)
        variance = (over_columns * columns.square()).sum(dim=2) - x.square()
        variance = variance + (over_rows * rows.square()).sum(dim=2) - y.square()
        strength = torch.tanh(logits.amax(dim=(2, 3)) * 0.25)
        area = torch.log(torch.sigmoid(logits).sum(dim=(2, 3)) + 0.1) * 0.3
        return torch.cat([x, y, variance.clamp_min(1e-6).sqrt(), strength, area], dim=1)


def _spread(weights: Tensor, positions: Tensor, area: Tensor) -> Tensor:
    """Return the standard deviation (batch,) of positions (cells,) under weights (batch, cells) that sum to area."""
    share = weights / (area + LEAST_AREA).unsqueeze(1)
    mean = (share * positions).sum(dim=1)
    return ((share * positions.square()).sum(dim=1) - mean.square()).clamp_min(1e-6).sqrt()

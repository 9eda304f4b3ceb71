"""A renderer that draws nothing, for pilots that do not look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim_worlds.scene import CameraView, DynamicInstance, RenderedImage, Scene


class BlindRenderer:
    """Implements :class:`sim_worlds.scene.Renderer` with black images."""

    name = "blind"

    def load(self, scene: Scene) -> None:
        """Nothing to take over."""

    def render(self, view: CameraView, dynamic: Sequence[DynamicInstance] = ()) -> RenderedImage:
        """Return a black image."""
        size = (view.height_px, view.width_px)
        return RenderedImage(np.zeros((*size, 3), np.uint8), np.zeros(size, bool))

    def close(self) -> None:
        """Nothing to free."""

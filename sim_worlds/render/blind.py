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

    def render(
        self, view: CameraView, dynamic: Sequence[DynamicInstance] = (), *, depth: bool = False
    ) -> RenderedImage:
        """Return a black image of the sky."""
        size = (view.height_px, view.width_px)
        far = np.full(size, np.inf, np.float32) if depth else None
        return RenderedImage(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8), far)

    def close(self) -> None:
        """Nothing to free."""

"""Renderers behind one protocol, :class:`sim_worlds.scene.Renderer`."""

from __future__ import annotations

import os
import warnings

from liquid_nav.errors import RenderError
from sim_worlds.scene import Renderer

EGL_PACKAGES = "libegl1 libgl1-mesa-dri"
_drawing_pids: list[int] = []


def make_renderer(name: str = "auto") -> Renderer:
    """Start a renderer.

    Args:
        name: ``"gl"`` (OpenGL through EGL, on a GPU or on Mesa's software rasteriser), ``"tiny"`` (PyBullet's own,
            works everywhere, plain to look at), or ``"auto"``: the first, else the second with one warning.

    Raises:
        RenderError: when the named renderer cannot be started.
    """
    if name not in ("auto", "gl", "tiny"):
        raise RenderError(f"renderer is {name!r}: use 'auto', 'gl' or 'tiny'")
    if name != "tiny":
        from sim_worlds.render.gl import GlRenderer

        _refuse_inherited_opengl()
        try:
            renderer = GlRenderer()
            _drawing_pids[:] = [os.getpid()]
            return renderer
        except RenderError as error:
            if name == "gl":
                raise
            warnings.warn(f"{error}; drawing with PyBullet's TinyRenderer, which looks plain", stacklevel=2)
    from sim_worlds.render.tiny import TinyRenderer

    return TinyRenderer()


def _refuse_inherited_opengl() -> None:
    """A forked process has OpenGL's state without its threads and would wait for them for ever."""
    if _drawing_pids and _drawing_pids != [os.getpid()]:
        raise RenderError(
            f"process {os.getpid()} was forked from {_drawing_pids[0]}, which draws with OpenGL: "
            "start workers by context 'spawn' or 'forkserver', or make renderers only in the workers"
        )

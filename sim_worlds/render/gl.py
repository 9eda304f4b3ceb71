"""The OpenGL renderer: culled instances nearest first, one static shadow map, fog and sky, without a window.

Tuned for Mesa's software rasteriser: see ``shaders`` for what is worked out where. The same code runs on a GPU
through EGL.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar, cast

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.render import shaders
from sim_worlds.render.geometry import Commands, place_dynamic
from sim_worlds.render.loaded import LoadedScene, Uniforms
from sim_worlds.render.projection import depth_from_buffer, projection_matrix, view_matrix
from sim_worlds.render.shadow import SHADOW_PX, Rectangle, capsules, shaded_part
from sim_worlds.scene import CameraView, DynamicInstance, RenderedImage, Scene

NEEDED_VERSION = 430  # indirect draws of many meshes at once
LOG2_E = 1.442695
SIZES_KEPT = 4  # of images: what each takes of the memory is given back once so many others have been drawn
UNIT_TEXTURES, UNIT_SHADOW, UNIT_CLOUDS = 0, 1, 2

P = ParamSpec("P")
R = TypeVar("R")


def in_own_context(
    method: Callable[Concatenate[GlRenderer, P], R],
) -> Callable[Concatenate[GlRenderer, P], R]:
    """OpenGL acts on whichever context is current; with two renderers in a process that may be the other's."""

    @functools.wraps(method)
    def current(self: GlRenderer, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._context:
            return method(self, *args, **kwargs)

    return cast("Callable[Concatenate[GlRenderer, P], R]", current)


class GlRenderer:
    """Implements :class:`sim_worlds.scene.Renderer`.

    Raises:
        RenderError: when no OpenGL context can be made, or its driver takes no shaders of ours; names the cure.
    """

    name = "gl"

    def __init__(self) -> None:
        try:
            self._context = moderngl.create_context(
                standalone=True,
                backend="egl",  # type: ignore[arg-type]
                require=NEEDED_VERSION,
            )
        except Exception as error:  # moderngl raises bare Exception
            from sim_worlds.render import EGL_PACKAGES

            raise RenderError(f"OpenGL through EGL is not available ({error}): install {EGL_PACKAGES}") from error
        self._loaded: LoadedScene | None = None
        self._targets: dict[tuple[int, int], moderngl.Framebuffer] = {}  # by size, the last drawn at the end
        self._closed = False
        try:
            self._prepare(self._context)
        except Exception as error:  # whatever an untried driver makes of it
            driver, said = self._context.info["GL_RENDERER"], (str(error).strip() or repr(error)).splitlines()[0]
            self._context.release()
            raise RenderError(f"OpenGL of {driver} cannot draw ({said}): update its driver or use 'tiny'") from error

    def _prepare(self, context: moderngl.Context) -> None:
        """Compile the shaders and make what every scene is drawn with."""
        sources = {
            "solid": (shaders.SOLID_VERTEX, shaders.SOLID_FRAGMENT),
            "solid_shaded": (shaders.SOLID_VERTEX, shaders.SOLID_SHADED_FRAGMENT),
            "broad": (shaders.BROAD_VERTEX, shaders.BROAD_FRAGMENT),
            "broad_shaded": (shaders.BROAD_VERTEX, shaders.BROAD_SHADED_FRAGMENT),
            "cut": (shaders.CUT_VERTEX, shaders.CUT_FRAGMENT),
            "caster": (shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT),
        }
        self._programs = {name: context.program(*source) for name, source in sources.items()}
        self._sky = context.program(shaders.SKY_VERTEX, shaders.SKY_FRAGMENT)
        self._uniforms = Uniforms([*self._programs.values(), self._sky])
        self._uniforms.set(textures=UNIT_TEXTURES, shadow_map=UNIT_SHADOW, cloud_map=UNIT_CLOUDS)
        corners = context.buffer(np.array([-1, -1, 3, -1, -1, 3], dtype="f4").tobytes())
        self._sky_array = context.vertex_array(self._sky, [(corners, "2f", "in_corner")])
        self._shadow = context.depth_texture((SHADOW_PX, SHADOW_PX))
        self._shadow.compare_func = "<="
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_target = context.framebuffer(depth_attachment=self._shadow)
        self._command_buffer = context.buffer(reserve=20 * 1024, dynamic=True)

    @in_own_context
    def load(self, scene: Scene) -> None:
        """Take over a scene's meshes, instances and light; replaces the scene before."""
        self._release_scene()
        loaded = LoadedScene(self._context, scene, self._programs)
        self._loaded = loaded
        loaded.textures.use(UNIT_TEXTURES)
        self._draw_shadow_map(loaded)
        self._set_light(loaded)

    @in_own_context
    def render(
        self, view: CameraView, dynamic: Sequence[DynamicInstance] = (), *, depth: bool = False
    ) -> RenderedImage:
        """Draw one image.

        Raises:
            RenderError: before ``load``, or for a size that cannot be drawn or a mesh that the scene lacks.
        """
        loaded = self._loaded
        if loaded is None:
            raise RenderError("no scene is loaded: call load(scene) before render()")
        frame = self._framebuffer(view.width_px, view.height_px)
        frame.use()
        self._context.enable_only(moderngl.DEPTH_TEST)
        frame.clear(0.0, 0.0, 0.0, 0.0)
        clip_from_world = projection_matrix(view) @ view_matrix(view)
        shaded = self._set_view(loaded, view, clip_from_world, dynamic)
        loaded.textures.use(UNIT_TEXTURES)
        self._shadow.use(UNIT_SHADOW)
        loaded.clouds.use(UNIT_CLOUDS)
        focal_px = 0.5 * view.width_px / float(np.tan(0.5 * view.horizontal_fov_rad))
        moving = place_dynamic(loaded.geometry, dynamic, clip_from_world)
        loaded.write_dynamic(moving)
        behind = loaded.walls.shadows(clip_from_world, view.position_enu_m)
        near = moving.visible(clip_from_world, view.position_enu_m, focal_px, behind)
        static = loaded.static.visible(clip_from_world, view.position_enu_m, focal_px, behind)
        self._draw_all(loaded, near, static, shaded)
        self._context.depth_func = "<="  # the sky lies at the far end of the depths, where the image was cleared to
        self._sky_array.render(moderngl.TRIANGLES, vertices=3)
        self._context.depth_func = "<"
        raw = np.empty((view.height_px, view.width_px, 4), dtype=np.uint8)
        frame.read_into(raw, components=4)
        picture = cv2.flip(raw, 0)  # OpenGL's rows begin at the bottom
        return RenderedImage(
            rgb=np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), dtype=np.uint8),
            categories=np.asarray(cv2.extractChannel(picture, 3), dtype=np.uint8),
            depth_m=self._depths(frame, view) if depth else None,
        )

    def close(self) -> None:
        """Free what the renderer holds. Calling it twice is harmless."""
        if not self._closed:
            with self._context:
                self._release_scene()
            self._context.release()
            self._closed = True

    @staticmethod
    def _depths(frame: moderngl.Framebuffer, view: CameraView) -> NDArray[np.float32]:
        raw = np.frombuffer(frame.read(attachment=-1, components=1, dtype="f4"), dtype=np.float32)
        return depth_from_buffer(raw.reshape(view.height_px, view.width_px)[::-1])

    def _draw_all(self, loaded: LoadedScene, near: Commands, static: Commands, shaded: Rectangle | None) -> None:
        """Draw what hides most and costs least to test first: opaque things, then foliage, then the ground."""
        self._context.enable(moderngl.CULL_FACE)
        self._draw(loaded.moving_arrays["solid"], near.solid)
        self._draw(loaded.moving_arrays["broad"], near.broad)
        self._draw(loaded.arrays["solid"], static.solid)
        self._draw(loaded.arrays["broad"], static.broad)
        self._context.disable(moderngl.CULL_FACE)
        self._draw(loaded.moving_arrays["broad"], near.open)
        self._draw(loaded.arrays["broad"], static.open)
        self._draw(loaded.moving_arrays["cut"], near.cut)
        self._draw(loaded.arrays["cut"], static.cut)
        plain, with_shadows = loaded.ground_programs
        if shaded is not None:  # dear, so only where shadows of moving things may fall
            self._context.scissor = shaded
            self._draw(loaded.arrays[with_shadows], static.ground)
            self._context.scissor = None
        self._draw(loaded.arrays[plain], static.ground)

    def _draw(self, array: moderngl.VertexArray, commands: NDArray[np.uint32]) -> None:
        if not len(commands):
            return
        self._command_buffer.orphan(max(commands.nbytes, self._command_buffer.size))
        self._command_buffer.write(commands)
        array.render_indirect(self._command_buffer, moderngl.TRIANGLES, len(commands))

    def _draw_shadow_map(self, loaded: LoadedScene) -> None:
        context = self._context
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        context.scissor = (1, 1, SHADOW_PX - 2, SHADOW_PX - 2)  # beyond the map there is light
        context.enable_only(moderngl.DEPTH_TEST)
        context.polygon_offset = (2.0, 4.0)
        self._uniforms.write_matrix("clip_from_world", loaded.shadow.clip_from_world)
        casters = loaded.static.casters(loaded.shadow.pixel_m)
        self._draw(loaded.arrays["caster"], casters.solid)
        self._draw(loaded.arrays["caster"], casters.open)
        self._draw(loaded.arrays["caster"], casters.cut)
        context.polygon_offset = (0.0, 0.0)
        context.scissor = None

    def _set_light(self, loaded: LoadedScene) -> None:
        air, light = loaded.scene.atmosphere, loaded.light
        self._uniforms.set(
            sun_direction=tuple(light.sun_direction.tolist()),
            sun_colour=air.sun_colour,
            ambient_colour=air.ambient_colour,
            bounce_colour=light.bounce_colour,
            horizon_colour=air.horizon_colour,
            zenith_colour=air.zenith_colour,
            glow_colour=light.glow_colour,
            cloud_colour=light.cloud_colour,
            cloudiness=air.cloudiness,
            fog_density=LOG2_E * air.fog_density_per_m,
            wind=air.wind_m_s,
        )
        self._uniforms.write_matrix("shadow_from_world", loaded.shadow.texture_from_world)

    def _set_view(
        self,
        loaded: LoadedScene,
        view: CameraView,
        clip_from_world: NDArray[np.float64],
        dynamic: Sequence[DynamicInstance],
    ) -> Rectangle | None:
        """Set what changes with every image; return the part of it where shadows of moving things may fall, if any."""
        sun = loaded.light.sun_direction
        casting = capsules(dynamic, loaded.shadow, sun, view.position_enu_m, clip_from_world)
        write = self._uniforms.write
        self._uniforms.write_matrix("clip_from_world", clip_from_world)
        self._uniforms.write_matrix("world_from_clip", np.linalg.inv(clip_from_world))
        self._uniforms.set(time=view.time_s, capsules=casting.count)
        write("eye", view.position_enu_m)
        if not casting.count:
            return None
        write("capsule_foot", casting.feet)
        write("capsule_axis", casting.axes)
        write("capsule_depth", casting.depths)
        return shaded_part(casting, sun, loaded.heights_m, clip_from_world, (view.width_px, view.height_px))

    def _framebuffer(self, width: int, height: int) -> moderngl.Framebuffer:
        size = (width, height)
        if size in self._targets:
            self._targets[size] = self._targets.pop(size)
        else:
            largest = int(self._context.info["GL_MAX_TEXTURE_SIZE"])
            if not (1 <= width <= largest and 1 <= height <= largest):
                raise RenderError(f"image size is {width} x {height}: use 1 to {largest} pixels each way")
            try:
                self._targets[size] = self._context.framebuffer(
                    self._context.texture(size, 4), self._context.depth_texture(size)
                )
            except Exception as error:  # moderngl raises bare Exception
                raise RenderError(
                    f"image size {width} x {height} cannot be drawn ({error}): use a smaller one"
                ) from error
            while len(self._targets) > SIZES_KEPT:
                _release(self._targets.pop(next(iter(self._targets))))
        return self._targets[size]

    def _release_scene(self) -> None:
        if self._loaded is not None:
            self._loaded.release()
            self._loaded = None


def _release(frame: moderngl.Framebuffer) -> None:
    """Free a framebuffer with what is drawn into; by itself it frees only its name."""
    for part in (*frame.color_attachments, frame.depth_attachment, frame):
        part.release()

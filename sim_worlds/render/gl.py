"""The OpenGL renderer: instanced meshes, one static shadow map, fog and sky, without a window.

Tuned for Mesa's software rasteriser: frustum culling on the CPU, front-to-back order, nearest mipmap without
anisotropy. The same code runs on a GPU through EGL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.materials import build_texture_array
from sim_worlds.render import shaders
from sim_worlds.render.projection import (
    depth_from_buffer,
    orthographic_matrix,
    projection_matrix,
    spheres_in_view,
    view_matrix,
)
from sim_worlds.render.sky import any_up, cloud_picture, sun_direction
from sim_worlds.scene import (
    Atmosphere,
    CameraView,
    DynamicInstance,
    Instance,
    Mesh,
    RenderedImage,
    Scene,
    category_index,
)

SHADOW_PX = 2048
ROW_FLOATS = 16  # three matrix rows and a tint whose fourth number is the category / 255
MAX_CAPSULES = 8
DETAIL_PX = 1.5  # smaller things are not drawn

Rows = NDArray[np.float32]


@dataclass
class _GpuMesh:
    vertices: moderngl.Buffer
    indices: moderngl.Buffer
    arrays: dict[str, moderngl.VertexArray]
    rows: moderngl.Buffer
    radius_m: float
    centre_m: NDArray[np.float32]


@dataclass
class _StaticGroup:
    """All static instances of one mesh."""

    mesh: str
    rows: Rows  # (instances, 16)
    centres: NDArray[np.float32]
    radii: NDArray[np.float32]


class GlRenderer:
    """Implements :class:`sim_worlds.scene.Renderer`.

    Raises:
        RenderError: when no OpenGL context can be made; names the packages that are missing.
    """

    name = "gl"

    def __init__(self) -> None:
        try:
            self._context = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:  # moderngl raises bare Exception
            from sim_worlds.render import EGL_PACKAGES

            raise RenderError(f"OpenGL through EGL is not available ({error}): install {EGL_PACKAGES}") from error
        self._scene_program = self._context.program(shaders.SCENE_VERTEX, shaders.SCENE_FRAGMENT)
        self._shadow_program = self._context.program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        self._sky_program = self._context.program(shaders.SKY_VERTEX, shaders.SKY_FRAGMENT)
        corners = self._context.buffer(np.array([-1, -1, 3, -1, -1, 3], dtype="f4").tobytes())
        self._sky = self._context.vertex_array(self._sky_program, [(corners, "2f", "in_corner")])
        self._targets: dict[tuple[int, int], moderngl.Framebuffer] = {}
        self._meshes: dict[str, _GpuMesh] = {}
        self._groups: list[_StaticGroup] = []
        self._scene: Scene | None = None
        self._textures: moderngl.TextureArray | None = None
        self._clouds: moderngl.Texture | None = None
        self._shadow_matrix = np.eye(4)
        self._shadow = self._context.depth_texture((SHADOW_PX, SHADOW_PX))
        self._shadow.compare_func = "<="
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_target = self._context.framebuffer(depth_attachment=self._shadow)

    def load(self, scene: Scene) -> None:
        """Take over a scene's meshes, instances and light; replaces the scene before."""
        self._release_scene()
        self._scene = scene
        pictures = build_texture_array(scene.seed)
        layers, height, width, _ = pictures.shape
        self._textures = self._context.texture_array((width, height, layers), 4, pictures.tobytes())
        self._textures.build_mipmaps()
        self._textures.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        self._clouds = self._context.texture((128, 128), 1, cloud_picture(scene.seed).tobytes())
        self._clouds.filter = (moderngl.LINEAR, moderngl.LINEAR)
        by_mesh: dict[str, list[Instance]] = {}
        for instance in scene.instances:
            by_mesh.setdefault(instance.mesh, []).append(instance)
        for name, mesh in scene.meshes.items():
            self._meshes[name] = self._upload(mesh, max(1, len(by_mesh.get(name, []))))
        self._groups = [self._static_group(name, instances) for name, instances in by_mesh.items()]
        self._draw_shadow_map(scene)
        self._set_light(scene.atmosphere)

    def render(
        self, view: CameraView, dynamic: Sequence[DynamicInstance] = (), *, depth: bool = False
    ) -> RenderedImage:
        """Draw one image."""
        if self._scene is None or self._textures is None or self._clouds is None:
            raise RenderError("no scene is loaded: call load(scene) before render()")
        frame = self._framebuffer(view.width_px, view.height_px)
        frame.use()
        self._context.viewport = (0, 0, view.width_px, view.height_px)
        self._context.enable_only(moderngl.DEPTH_TEST)
        frame.clear(0.0, 0.0, 0.0, 0.0)
        matrix = projection_matrix(view) @ view_matrix(view)
        self._write_matrix(self._scene_program, "clip_from_world", matrix)
        _write(self._scene_program, "eye", tuple(float(value) for value in view.position_enu_m))
        self._write_capsules(dynamic)
        self._textures.use(0)
        self._shadow.use(1)
        self._draw_dynamic(dynamic)
        self._draw_static(view, matrix)
        self._clouds.use(2)
        self._write_matrix(self._sky_program, "world_from_clip", np.linalg.inv(matrix))
        self._context.depth_mask = False  # the sky is infinitely far
        self._sky.render(moderngl.TRIANGLES, vertices=3)
        self._context.depth_mask = True
        raw = np.frombuffer(frame.read(components=4), dtype=np.uint8).reshape(view.height_px, view.width_px, 4)[::-1]
        return RenderedImage(
            rgb=np.ascontiguousarray(raw[..., :3]),
            categories=np.ascontiguousarray(raw[..., 3]),
            depth_m=self._depths(frame, view) if depth else None,
        )

    @staticmethod
    def _depths(frame: moderngl.Framebuffer, view: CameraView) -> NDArray[np.float32]:
        raw = np.frombuffer(frame.read(attachment=-1, components=1, dtype="f4"), dtype=np.float32)
        return depth_from_buffer(raw.reshape(view.height_px, view.width_px)[::-1])

    def close(self) -> None:
        """Free what the renderer holds. Calling it twice is harmless."""
        self._release_scene()
        self._context.release()

    def _draw_static(self, view: CameraView, matrix: NDArray[np.float64]) -> None:
        eye = view.position_enu_m.astype(np.float32)
        focal_px = 0.5 * view.width_px / np.tan(0.5 * view.horizontal_fov_rad)
        batches: list[tuple[float, str, Rows]] = []
        for group in self._groups:
            distances = np.linalg.norm(group.centres - eye, axis=1)
            visible = spheres_in_view(matrix, group.centres, group.radii)
            visible &= group.radii * focal_px > DETAIL_PX * distances
            chosen = np.flatnonzero(visible)
            if len(chosen):
                chosen = chosen[np.argsort(distances[chosen])]
                nearest = float((distances - group.radii)[chosen[0]])
                batches.append((nearest, group.mesh, group.rows[chosen]))
        for _, mesh, rows in sorted(batches, key=lambda batch: batch[0]):
            self._draw(mesh, rows, "scene")

    def _draw_dynamic(self, dynamic: Sequence[DynamicInstance]) -> None:
        by_mesh: dict[str, list[Rows]] = {}
        for item in dynamic:
            row = np.empty(ROW_FLOATS, dtype=np.float32)
            row[:12] = item.pose[:3].ravel()
            row[12:15] = item.tint
            row[15] = category_index(item.category) / 255.0
            by_mesh.setdefault(item.mesh, []).append(row)
        for mesh, rows in by_mesh.items():
            self._draw(mesh, np.stack(rows), "scene")

    def _draw(self, name: str, rows: Rows, program: str) -> None:
        mesh = self._meshes.get(name)
        if mesh is None:
            raise RenderError(f"mesh {name!r} is not in the scene: add it to Scene.meshes")
        if rows.nbytes > mesh.rows.size:
            mesh.rows.orphan(rows.nbytes)
        mesh.rows.write(np.ascontiguousarray(rows).tobytes())
        mesh.arrays[program].render(moderngl.TRIANGLES, instances=len(rows))

    def _draw_shadow_map(self, scene: Scene) -> None:
        sun = sun_direction(scene.atmosphere)
        size = 1.2 * scene.half_size_m
        view = CameraView(sun * 200.0, -sun, any_up(sun), SHADOW_PX, SHADOW_PX)
        matrix = orthographic_matrix(size, 50.0, 350.0) @ view_matrix(view)
        self._shadow_matrix = matrix
        self._shadow_target.use()
        self._context.viewport = (0, 0, SHADOW_PX, SHADOW_PX)
        self._context.enable_only(moderngl.DEPTH_TEST)
        self._shadow_target.clear(depth=1.0)
        self._context.polygon_offset = (2.0, 4.0)
        self._write_matrix(self._shadow_program, "clip_from_world", matrix)
        assert self._textures is not None
        self._textures.use(0)
        _write(self._shadow_program, "textures", 0)
        for group in self._groups:
            self._draw(group.mesh, group.rows, "shadow")
        self._context.polygon_offset = (0.0, 0.0)
        self._write_matrix(self._scene_program, "shadow_from_world", matrix)

    def _set_light(self, air: Atmosphere) -> None:
        sun = tuple(float(value) for value in sun_direction(air))
        for program in (self._scene_program, self._sky_program):
            _write(program, "sun_direction", sun)
            _write(program, "sun_colour", air.sun_colour)
            _write(program, "horizon_colour", air.horizon_colour)
        _write(self._scene_program, "ambient_colour", air.ambient_colour)
        _write(self._scene_program, "fog_density", air.fog_density_per_m)
        _write(self._scene_program, "textures", 0)
        _write(self._scene_program, "shadow_map", 1)
        _write(self._sky_program, "zenith_colour", air.zenith_colour)
        _write(self._sky_program, "cloudiness", air.cloudiness)
        _write(self._sky_program, "cloud_map", 2)

    def _write_capsules(self, dynamic: Sequence[DynamicInstance]) -> None:
        casters = [item for item in dynamic if item.shadow_size_m is not None][:MAX_CAPSULES]
        values = np.zeros((MAX_CAPSULES, 4), dtype="f4")
        heights = np.ones(MAX_CAPSULES, dtype="f4")
        for index, item in enumerate(casters):
            assert item.shadow_size_m is not None
            width, height = item.shadow_size_m
            x, y, z = item.pose[:3, 3]
            values[index] = (x, y, z - 0.5 * height, 0.5 * width)
            heights[index] = height
        _write(self._scene_program, "capsules", len(casters))
        self._scene_program["capsule"].write(values.tobytes())  # type: ignore[union-attr]
        self._scene_program["capsule_height"].write(heights.tobytes())  # type: ignore[union-attr]

    def _upload(self, mesh: Mesh, capacity: int) -> _GpuMesh:
        packed = np.column_stack(
            [mesh.positions_m, mesh.normals, mesh.uvs, mesh.colours, mesh.layers.astype(np.float32)]
        ).astype("f4")
        vertices = self._context.buffer(packed.tobytes())
        indices = self._context.buffer(mesh.triangles.astype("i4").tobytes())
        rows = self._context.buffer(reserve=capacity * ROW_FLOATS * 4, dynamic=True)
        scene = self._context.vertex_array(
            self._scene_program,
            [
                (vertices, "3f 3f 2f 3f 1f", "in_position", "in_normal", "in_uv", "in_colour", "in_layer"),
                (rows, "4f 4f 4f 4f/i", "in_row0", "in_row1", "in_row2", "in_tint"),
            ],
            indices,
        )
        shadow = self._context.vertex_array(
            self._shadow_program,
            [
                (vertices, "3f 3x4 2f 3x4 1f", "in_position", "in_uv", "in_layer"),
                (rows, "4f 4f 4f 4x4/i", "in_row0", "in_row1", "in_row2"),
            ],
            indices,
        )
        low, high = mesh.positions_m.min(axis=0), mesh.positions_m.max(axis=0)
        centre = 0.5 * (low + high)
        radius = float(np.linalg.norm(mesh.positions_m - centre, axis=1).max())
        return _GpuMesh(vertices, indices, {"scene": scene, "shadow": shadow}, rows, radius, centre)

    def _static_group(self, name: str, instances: list[Instance]) -> _StaticGroup:
        if name not in self._meshes:
            raise RenderError(f"mesh {name!r} is not in the scene: add it to Scene.meshes")
        rows = np.zeros((len(instances), ROW_FLOATS), dtype=np.float32)
        for row, instance in zip(rows, instances, strict=True):
            cos, sin = np.cos(instance.yaw_rad), np.sin(instance.yaw_rad)
            sx, sy, sz = instance.scale
            x, y, z = instance.position_enu_m
            row[:12] = (cos * sx, -sin * sy, 0, x, sin * sx, cos * sy, 0, y, 0, 0, sz, z)
            row[12:15] = instance.tint
            row[15] = category_index(instance.category) / 255.0
        mesh = self._meshes[name]
        matrices = rows[:, :12].reshape(-1, 3, 4)
        centres = matrices[:, :, :3] @ mesh.centre_m + matrices[:, :, 3]
        radii = mesh.radius_m * np.array([max(instance.scale) for instance in instances], dtype=np.float32)
        return _StaticGroup(name, rows, centres, radii)

    def _framebuffer(self, width: int, height: int) -> moderngl.Framebuffer:
        if (width, height) not in self._targets:
            self._targets[width, height] = self._context.framebuffer(
                self._context.texture((width, height), 4), self._context.depth_texture((width, height))
            )
        return self._targets[width, height]

    def _write_matrix(self, program: moderngl.Program, name: str, matrix: NDArray[np.float64]) -> None:
        program[name].write(matrix.T.astype("f4").tobytes())  # type: ignore[union-attr]

    def _release_scene(self) -> None:
        for mesh in self._meshes.values():
            for array in mesh.arrays.values():
                array.release()
            for buffer in (mesh.vertices, mesh.indices, mesh.rows):
                buffer.release()
        for texture in (self._textures, self._clouds):
            if texture is not None:
                texture.release()
        self._meshes, self._groups, self._scene = {}, [], None
        self._textures = self._clouds = None


def _write(program: moderngl.Program, name: str, value: object) -> None:
    if name in program:
        program[name].value = value  # type: ignore[union-attr]

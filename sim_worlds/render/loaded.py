"""One scene in the memory of the graphics card: textures, meshes, instances, and what binds them to the programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import moderngl
import numpy as np
from numpy.typing import NDArray

from sim_worlds.materials import build_texture_array
from sim_worlds.render import geometry
from sim_worlds.render.geometry import Geometry, Placed, place_static
from sim_worlds.render.occlusion import Walls
from sim_worlds.render.shadow import ShadowFrame, fit
from sim_worlds.render.sky import Light, cloud_picture, light_of
from sim_worlds.render.tiles import tiled
from sim_worlds.scene import Scene

COVERED = 0.35  # of the alpha channel; the shaders discard less


class LoadedScene:
    """What the graphics memory holds of one scene.

    Args:
        context: to allocate in.
        scene: to take over.
        programs: that draw instances, by name.

    Attributes:
        ground_programs: which to draw the ground with, without and with shadows of what moves.
        heights_m: lowest and highest point of the ground.
        arrays, moving_arrays: ways to draw static and moving instances, by the program's name.
    """

    def __init__(self, context: moderngl.Context, scene: Scene, programs: Mapping[str, moderngl.Program]) -> None:
        self.scene = scene
        heights = np.zeros(1) if scene.ground is None else scene.ground.heights_m
        self.heights_m = float(heights.min()), float(heights.max())
        used = used_layers(scene)
        pictures = build_texture_array(scene.seed, used)[used]
        holes = np.asarray((pictures[..., 3] < 255 * COVERED).any(axis=(1, 2)))
        meshes, instances, grounds = tiled(scene.meshes, scene.instances)
        self.geometry = Geometry(meshes, used, holes, grounds)
        smooth = all(self.geometry.is_fine(name) for name in grounds)
        self.ground_programs = ("solid", "solid_shaded") if smooth else ("broad", "broad_shaded")
        self.static: Placed = place_static(self.geometry, instances)
        self.walls = Walls(scene.colliders if scene.ground is None else ())
        self.light: Light = light_of(scene.atmosphere)
        casting = self.static.throwing
        self.shadow: ShadowFrame = fit(
            self.light.sun_direction, self.static.centres_m[casting], self.static.radii_m[casting]
        )
        layers, height, width, _ = pictures.shape
        self.textures = context.texture_array((width, height, layers), 4, pictures)
        self.textures.build_mipmaps()
        self.textures.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        clouds = cloud_picture(scene.seed)
        self.clouds = context.texture(clouds.shape, 1, clouds)
        self.clouds.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._buffers = [
            context.buffer(data if data.size else np.zeros(16, np.float32))
            for data in (self.geometry.vertices, self.geometry.indices, self.static.rows)
        ]
        vertices, indices, rows = self._buffers
        self._moving_rows = context.buffer(reserve=64 * geometry.ROW_FLOATS * 4, dynamic=True)
        self._buffers.append(self._moving_rows)
        self.arrays = {
            name: _vertex_array(context, program, vertices, indices, rows) for name, program in programs.items()
        }
        self.moving_arrays = {
            name: _vertex_array(context, program, vertices, indices, self._moving_rows)
            for name, program in programs.items()
        }

    def write_dynamic(self, moving: Placed) -> None:
        """Upload where the moving things are now."""
        if len(moving.rows):
            self._moving_rows.orphan(max(moving.rows.nbytes, self._moving_rows.size))
            self._moving_rows.write(np.ascontiguousarray(moving.rows))

    def release(self) -> None:
        """Free everything."""
        for array in (*self.arrays.values(), *self.moving_arrays.values()):
            array.release()
        for buffer in self._buffers:
            buffer.release()
        self.textures.release()
        self.clouds.release()


def used_layers(scene: Scene) -> NDArray[np.int64]:
    """Return the layers (used,) of the materials that a scene's meshes are made of, in rising order."""
    layers = [mesh.layers for mesh in scene.meshes.values()] or [np.zeros(1, np.int32)]
    return np.flatnonzero(np.bincount(np.concatenate(layers)))


def _vertex_array(
    context: moderngl.Context,
    program: moderngl.Program,
    vertices: moderngl.Buffer,
    indices: moderngl.Buffer,
    rows: moderngl.Buffer,
) -> moderngl.VertexArray:
    """Bind what a program reads of the vertices and rows; the rest is skipped."""
    bindings = []
    for buffer, layout, names, suffix in (
        (vertices, geometry.VERTEX_FORMAT, geometry.VERTEX_NAMES, ""),
        (rows, geometry.ROW_FORMAT.removesuffix("/i"), geometry.ROW_NAMES, "/i"),
    ):
        pairs = zip(layout.split(), names, strict=True)
        read = [(size if name in program else f"{size[0]}x4", name) for size, name in pairs]
        wanted = [name for _, name in read if name in program]
        bindings.append((buffer, " ".join(size for size, _ in read) + suffix, *wanted))
    return context.vertex_array(program, bindings, indices)


class Uniforms:
    """What several programs are told: a value goes to all of those that read it.

    Looks every uniform up once, as asking a program for each of its names anew costs more than to write them.
    """

    def __init__(self, programs: Iterable[moderngl.Program]) -> None:
        self._readers: dict[str, list[moderngl.Uniform]] = {}
        for program in programs:
            for name in program:
                member = program[name]
                if isinstance(member, moderngl.Uniform):
                    self._readers.setdefault(name, []).append(member)

    def set(self, **values: object) -> None:
        """Set numbers and vectors."""
        for name, value in values.items():
            for reader in self._readers.get(name, ()):
                reader.value = value

    def write(self, name: str, values: NDArray[np.floating]) -> None:
        """Set an array, float32 as it lies in memory."""
        data = values.astype(np.float32).tobytes()
        for reader in self._readers.get(name, ()):
            reader.write(data)

    def write_matrix(self, name: str, matrix: NDArray[np.floating]) -> None:
        """Set a matrix (4, 4)."""
        self.write(name, matrix.T)

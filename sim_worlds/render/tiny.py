"""PyBullet's own software renderer: plain, without sky, fog or cut-out leaves, but it works everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.bullet import pybullet
from sim_worlds.materials import LAYERS, build_texture_array
from sim_worlds.render.lod import levels
from sim_worlds.render.projection import depth_from_buffer, projection_matrix, view_matrix
from sim_worlds.scene import CameraView, DynamicInstance, Float3, Mesh, RenderedImage, Scene, category_index

PATCHES = 4  # colours of a mesh, those of the largest areas; smaller patches take on the last of them
COLOUR_STEP, SIZE_STEP = 0.2, 0.05  # instances that differ by less share a shape

Key = tuple[str, Float3, Float3]  # mesh, size and tint as they are drawn


class TinyRenderer:
    """Implements :class:`sim_worlds.scene.Renderer`; a mesh is painted with up to four flat colours.

    Args:
        everything: draw undergrowth and every leaf too, which is slow in a forest.
    """

    name = "tiny"

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._client = pybullet.connect(pybullet.DIRECT)
        self._scene: Scene | None = None
        self._shapes: dict[Key, list[int]] = {}
        self._plain: dict[str, Mesh] = {}
        self._moving: dict[tuple[int, Key], list[int]] = {}
        self._categories = np.zeros(1, np.uint8)
        self._means: NDArray[np.float32] = np.ones((len(LAYERS), 3), dtype=np.float32)

    def load(self, scene: Scene) -> None:
        """Take over a scene's meshes, instances and light; replaces the scene before."""
        pybullet.resetSimulation(physicsClientId=self._client)
        self._scene, self._shapes, self._moving, self._plain = scene, {}, {}, {}
        self._categories = np.zeros(1, np.uint8)
        pictures = (
            build_texture_array(scene.seed, {int(n) for mesh in scene.meshes.values() for n in mesh.layers}).astype(
                np.float32
            )
            / 255.0
        )
        weight = pictures[..., 3:] + 1e-6
        self._means = (pictures[..., :3] * weight).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
        for instance in scene.instances:
            if instance.mesh not in scene.meshes:
                raise RenderError(f"mesh {instance.mesh!r} is not in the scene: add it to Scene.meshes")
            if instance.category == "undergrowth" and not self._everything:
                continue  # thousands of blades are too dear here
            turn = pybullet.getQuaternionFromEuler([0.0, 0.0, instance.yaw_rad])
            shape = _key(instance.mesh, instance.scale, instance.tint)
            bodies = self._bodies(shape, instance.position_enu_m, turn)
            self._remember(bodies, instance.category)

    def render(
        self, view: CameraView, dynamic: Sequence[DynamicInstance] = (), *, depth: bool = False
    ) -> RenderedImage:
        """Draw one image."""
        if self._scene is None:
            raise RenderError("no scene is loaded: call load(scene) before render()")
        self._place(dynamic)
        air = self._scene.atmosphere
        flat = np.cos(air.sun_elevation_rad)
        sun = [flat * np.cos(air.sun_azimuth_rad), flat * np.sin(air.sun_azimuth_rad), np.sin(air.sun_elevation_rad)]
        _, _, colour, buffer, segments = pybullet.getCameraImage(
            view.width_px,
            view.height_px,
            viewMatrix=view_matrix(view).T.ravel().tolist(),
            projectionMatrix=projection_matrix(view).T.ravel().tolist(),
            lightDirection=[100.0 * value for value in sun],
            lightAmbientCoeff=0.6,
            lightDiffuseCoeff=0.5,
            lightSpecularCoeff=0.0,
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        size = (view.height_px, view.width_px)
        rgb = np.array(colour, dtype=np.uint8).reshape(*size, 4)[..., :3]
        bodies = np.array(segments, dtype=np.int64).reshape(size)
        sky = bodies < 0
        rows = np.linspace(0.0, 1.0, view.height_px)[:, None, None]
        gradient = np.array(air.zenith_colour) * (1 - rows) + np.array(air.horizon_colour) * rows
        painted = np.broadcast_to(np.sqrt(np.clip(gradient, 0, 1)) * 255.0, rgb.shape).astype(np.uint8)
        picture = np.where(sky[..., None], painted, rgb)
        categories = self._categories[np.where(sky, -1, bodies)]
        distances = np.where(sky, np.inf, depth_from_buffer(np.array(buffer).reshape(size))) if depth else None
        return RenderedImage(
            np.ascontiguousarray(picture), categories, None if distances is None else distances.astype(np.float32)
        )

    def close(self) -> None:
        """Free what the renderer holds. Calling it twice is harmless."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def _place(self, dynamic: Sequence[DynamicInstance]) -> None:
        """Move the bodies of what moves; make those that are new; hide those that are gone."""
        used = set()
        for index, item in enumerate(dynamic):
            size = float(np.linalg.norm(item.pose[:3, 0]))  # the same along all axes
            key = (index, _key(item.mesh, (size, size, size), item.tint))
            turn = _quaternion(item.pose[:3, :3] / size)
            if key not in self._moving:
                self._moving[key] = self._bodies(key[1], (0.0, 0.0, 0.0), turn)
            used.add(key)
            self._remember(self._moving[key], item.category)
            self._move(self._moving[key], item.pose[:3, 3].tolist(), turn)
        for key, bodies in self._moving.items():
            if key not in used:
                self._move(bodies, [0.0, 0.0, -500.0], [0.0, 0.0, 0.0, 1.0])

    def _move(self, bodies: list[int], position: list[float], turn: list[float]) -> None:
        for body in bodies:
            pybullet.resetBasePositionAndOrientation(body, position, turn, physicsClientId=self._client)

    def _remember(self, bodies: list[int], category: str) -> None:
        """Note what bodies show; the last entry of the table, index -1, stays the sky."""
        if max(bodies) + 2 > len(self._categories):
            grown = np.zeros(2 * max(bodies) + 2, np.uint8)
            grown[: len(self._categories)] = self._categories
            self._categories = grown
        self._categories[bodies] = category_index(category)

    def _bodies(self, key: Key, position: Sequence[float], turn: Sequence[float]) -> list[int]:
        """Make one body for every colour of a mesh.

        Raises:
            RenderError: when the scene has no such mesh.
        """
        assert self._scene is not None
        name, scale, tint = key
        if name not in self._scene.meshes:
            raise RenderError(f"mesh {name!r} is not in the scene: add it to Scene.meshes")
        if key not in self._shapes:
            if name not in self._plain:
                mesh = self._scene.meshes[name]
                self._plain[name] = mesh if self._everything else levels(mesh)[-1].mesh
            self._shapes[key] = self._make_shapes(self._plain[name], scale, tint)
        return [
            pybullet.createMultiBody(
                0.0,
                baseVisualShapeIndex=shape,
                basePosition=position,
                baseOrientation=turn,
                physicsClientId=self._client,
            )
            for shape in self._shapes[key]
        ]

    def _make_shapes(self, mesh: Mesh, scale: Float3, tint: Float3) -> list[int]:
        vertices, normals = mesh.positions_m.astype(float).tolist(), mesh.normals.astype(float).tolist()
        shapes = []
        for triangles, colour in self._patches(mesh):
            both = np.concatenate([triangles, triangles[:, ::-1]]) if mesh.double_sided else triangles
            shape: int = pybullet.createVisualShape(
                pybullet.GEOM_MESH,
                vertices=vertices,
                indices=both.ravel().tolist(),
                normals=normals,
                meshScale=list(scale),
                rgbaColor=[*np.clip(colour * np.array(tint), 0.0, 1.0).tolist(), 1.0],
                physicsClientId=self._client,
            )
            shapes.append(shape)
        return shapes

    def _patches(self, mesh: Mesh) -> list[tuple[NDArray[np.int32], NDArray[np.floating]]]:
        """Return triangles and mean colour of the patches of a mesh, largest first."""
        points = mesh.positions_m[mesh.triangles].astype(float)
        areas = np.linalg.norm(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1) + 1e-9
        first = mesh.triangles[:, 0]
        colours = self._means[mesh.layers[first]] * mesh.colours[first]
        kinds = np.column_stack([mesh.layers[first], np.rint(mesh.colours[first] / COLOUR_STEP)])
        _, kind = np.unique(kinds, axis=0, return_inverse=True)
        order = np.argsort(-np.bincount(kind, weights=areas), kind="stable")
        rank = np.minimum(np.argsort(order, kind="stable")[kind], PATCHES - 1)
        found = []
        for patch in range(int(rank.max()) + 1):
            chosen = rank == patch
            mean = (colours[chosen] * areas[chosen, None]).sum(axis=0) / areas[chosen].sum()
            found.append((mesh.triangles[chosen], mean))
        return found


def _key(mesh: str, scale: Float3, tint: Float3) -> Key:
    return mesh, _rounded(scale, SIZE_STEP), _rounded(tint, COLOUR_STEP)


def _rounded(values: Float3, step: float) -> Float3:
    x, y, z = (max(1, round(value / step)) * step for value in values)
    return x, y, z


def _quaternion(turn: NDArray[np.float64]) -> list[float]:
    """Return the quaternion (x, y, z, w) of a rotation (3, 3)."""
    w = 0.5 * np.sqrt(max(0.0, 1.0 + turn[0, 0] + turn[1, 1] + turn[2, 2]))
    x = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 + turn[0, 0] - turn[1, 1] - turn[2, 2])), turn[2, 1] - turn[1, 2])
    y = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 - turn[0, 0] + turn[1, 1] - turn[2, 2])), turn[0, 2] - turn[2, 0])
    z = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 - turn[0, 0] - turn[1, 1] + turn[2, 2])), turn[1, 0] - turn[0, 1])
    return [float(x), float(y), float(z), float(w)]

"""PyBullet's own software renderer: plain, without sky, fog or cut-out leaves, but it works everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from liquid_nav.errors import RenderError
from sim_worlds.bullet import pybullet
from sim_worlds.materials import LAYERS, build_texture_array
from sim_worlds.render.projection import depth_from_buffer, projection_matrix, view_matrix
from sim_worlds.scene import CameraView, DynamicInstance, Float3, Mesh, RenderedImage, Scene, category_index

CUT_OUT = ("leaves", "needles", "grass")
NEAR_M = 40.0


class TinyRenderer:
    """Implements :class:`sim_worlds.scene.Renderer`; every mesh has the mean colour of its material."""

    name = "tiny"

    def __init__(self) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        self._scene: Scene | None = None
        self._shapes: dict[tuple[str, Float3, Float3], int] = {}
        self._moving: dict[tuple[int, str], int] = {}
        self._categories = np.zeros(1, np.uint8)
        self._means: NDArray[np.float32] = np.ones((len(LAYERS), 3), dtype=np.float32)

    def load(self, scene: Scene) -> None:
        """Take over a scene's meshes, instances and light; replaces the scene before."""
        pybullet.resetSimulation(physicsClientId=self._client)
        self._scene, self._shapes, self._moving = scene, {}, {}
        self._categories = np.zeros(1, np.uint8)
        pictures = build_texture_array(scene.seed).astype(np.float32) / 255.0
        weight = pictures[..., 3:] + 1e-6
        self._means = (pictures[..., :3] * weight).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
        for instance in scene.instances:
            mesh = scene.meshes.get(instance.mesh)
            if mesh is None:
                raise RenderError(f"mesh {instance.mesh!r} is not in the scene: add it to Scene.meshes")
            if instance.mesh.startswith(("fern", "bush")):
                continue  # thousands of blades are too dear here
            turn = pybullet.getQuaternionFromEuler([0.0, 0.0, instance.yaw_rad])
            body = self._body(instance.mesh, instance.scale, instance.tint, instance.position_enu_m, turn)
            self._remember(body, instance.category)

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
            key = (index, item.mesh)
            turn = _quaternion(item.pose[:3, :3])
            if key not in self._moving:
                position = tuple(item.pose[:3, 3])
                self._moving[key] = self._body(item.mesh, (1.0, 1.0, 1.0), item.tint, position, turn)
            body = self._moving[key]
            used.add(key)
            self._remember(body, item.category)
            pybullet.resetBasePositionAndOrientation(
                body, item.pose[:3, 3].tolist(), turn, physicsClientId=self._client
            )
        for key, body in self._moving.items():
            if key not in used:
                pybullet.resetBasePositionAndOrientation(
                    body, [0.0, 0.0, -500.0], [0.0, 0.0, 0.0, 1.0], physicsClientId=self._client
                )

    def _remember(self, body: int, category: str) -> None:
        """Note what a body shows; the last entry of the table, index -1, stays the sky."""
        if body + 2 > len(self._categories):
            grown = np.zeros(2 * body + 2, np.uint8)
            grown[: len(self._categories)] = self._categories
            self._categories = grown
        self._categories[body] = category_index(category)

    def _body(self, name: str, scale: Float3, tint: Float3, position: Sequence[float], turn: Sequence[float]) -> int:
        assert self._scene is not None
        key = (name, scale, tint)
        if key not in self._shapes:
            self._shapes[key] = self._shape(self._scene.meshes[name], scale, tint)
        body: int = pybullet.createMultiBody(
            0.0,
            baseVisualShapeIndex=self._shapes[key],
            basePosition=position,
            baseOrientation=turn,
            physicsClientId=self._client,
        )
        return body

    def _shape(self, mesh: Mesh, scale: Float3, tint: Float3) -> int:
        """One colour per shape is all there is: the area-weighted mean of the mesh's materials."""
        points = mesh.positions_m[mesh.triangles].astype(float)
        areas = np.linalg.norm(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1) + 1e-9
        first = mesh.triangles[:, 0]
        colours = self._means[mesh.layers[first]] * mesh.colours[first]
        colour = np.clip((colours * areas[:, None]).sum(axis=0) / areas.sum() * np.array(tint), 0.0, 1.0)
        triangles = mesh.triangles
        if mesh.double_sided:
            triangles = np.concatenate([triangles, triangles[:, ::-1]])
        shape: int = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=mesh.positions_m.astype(float).tolist(),
            indices=triangles.ravel().tolist(),
            normals=mesh.normals.astype(float).tolist(),
            meshScale=list(scale),
            rgbaColor=[*colour.tolist(), 1.0],
            physicsClientId=self._client,
        )
        return shape


def _quaternion(turn: NDArray[np.float64]) -> list[float]:
    """Return the quaternion (x, y, z, w) of a rotation (3, 3)."""
    w = 0.5 * np.sqrt(max(0.0, 1.0 + turn[0, 0] + turn[1, 1] + turn[2, 2]))
    x = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 + turn[0, 0] - turn[1, 1] - turn[2, 2])), turn[2, 1] - turn[1, 2])
    y = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 - turn[0, 0] + turn[1, 1] - turn[2, 2])), turn[0, 2] - turn[2, 0])
    z = np.copysign(0.5 * np.sqrt(max(0.0, 1.0 - turn[0, 0] - turn[1, 1] + turn[2, 2])), turn[1, 0] - turn[0, 1])
    return [float(x), float(y), float(z), float(w)]

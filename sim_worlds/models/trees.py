"""Trees of one season: pines, spruces, broadleaved trees, saplings, young spruces and dead stems.

Every stem stands upright to 4 m at least, so that a cylinder fits it where one flies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim_worlds.mesh_tools import merge
from sim_worlds.models.plant_parts import Array, cards, directions, limbs, stem, tones
from sim_worlds.scene import Mesh

FLIGHT_M = 4.2
MOSS = np.array([0.62, 0.72, 0.50])
PALETTES: dict[str, dict[str, Array]] = {
    "bark_oak": {
        "summer": np.array([(0.37, 0.45, 0.20), (0.34, 0.42, 0.18), (0.43, 0.48, 0.24)]),
        "spring": np.array([(0.56, 0.63, 0.28), (0.60, 0.62, 0.32), (0.50, 0.60, 0.27)]),
        "autumn": np.array([(0.66, 0.42, 0.18), (0.56, 0.34, 0.17), (0.70, 0.54, 0.22)]),
    },
    "bark_beech": {
        "summer": np.array([(0.35, 0.46, 0.21), (0.40, 0.50, 0.24), (0.31, 0.42, 0.18)]),
        "spring": np.array([(0.60, 0.72, 0.33), (0.66, 0.74, 0.38), (0.56, 0.68, 0.30)]),
        "autumn": np.array([(0.78, 0.47, 0.16), (0.70, 0.37, 0.15), (0.82, 0.60, 0.20), (0.62, 0.30, 0.16)]),
        "winter": np.array([(0.58, 0.42, 0.30), (0.52, 0.38, 0.28)]),
    },
    "bark_birch": {
        "summer": np.array([(0.45, 0.53, 0.25), (0.41, 0.50, 0.23), (0.50, 0.56, 0.30)]),
        "spring": np.array([(0.62, 0.71, 0.34), (0.66, 0.72, 0.40)]),
        "autumn": np.array([(0.86, 0.72, 0.22), (0.82, 0.64, 0.20), (0.74, 0.68, 0.30)]),
    },
}
NEEDLES: dict[str, Array] = {
    "summer": np.array([(0.27, 0.37, 0.24), (0.24, 0.34, 0.23)]),
    "spring": np.array([(0.32, 0.42, 0.25), (0.27, 0.38, 0.24)]),
    "autumn": np.array([(0.29, 0.36, 0.23), (0.26, 0.33, 0.22)]),
    "winter": np.array([(0.95, 0.97, 1.0), (0.85, 0.87, 0.90)]),
}


@dataclass(frozen=True)
class Broadleaf:
    """How a broadleaved tree grows. Lengths in metres."""

    radius_m: float
    height_m: tuple[float, float]
    first_bough_m: float
    boughs: int
    reach_m: float
    rise_rad: tuple[float, float]
    leaves: str
    card_m: float
    cards_per_bough: int


BROADLEAVES = {
    "bark_oak": Broadleaf(0.24, (9.0, 11.5), 2.9, 8, 3.0, (0.2, 0.9), "leaves", 2.25, 4),
    "bark_beech": Broadleaf(0.20, (11.0, 13.5), 3.1, 10, 2.6, (0.3, 1.0), "leaves_layered", 2.15, 3),
    "bark_birch": Broadleaf(0.12, (9.5, 12.5), 3.2, 9, 1.6, (0.5, 1.1), "leaves_fine", 1.8, 3),
}
DEAD_TONE = np.array([1.25, 1.22, 1.18])


def _trunk(
    rng: np.random.Generator, radius: float, height: float, bark: str, *, tip: float = 0.15, upper: Array | None = None
) -> Mesh:
    """A stem with a flared, mossy foot; ``upper`` is its tone above a third of its height."""
    heights = np.array([-0.4, 0.05, 0.5, FLIGHT_M, height])
    taper = np.array([1.5, 1.3, 1.0, 0.86, tip])
    middles = np.column_stack([np.zeros((5, 2)), heights])
    middles[4, :2] = rng.uniform(-0.25, 0.25, 2) * (height / 12.0)
    colours = np.ones((5, 3))
    colours[:2] = 0.8 if bark == "bark_birch" else MOSS
    colours[2] = 0.92
    if upper is not None:
        colours[4] = upper
        colours[3] = 0.5 * (1.0 + upper)
    return stem(middles, radius * taper, material=bark, colours=colours, sides=7)


def broadleaf(rng: np.random.Generator, season: str, bark: str) -> Mesh:
    """An oak, beech or birch, by its bark (a key of ``BROADLEAVES``); bare in winter."""
    kind = BROADLEAVES[bark]
    height = float(rng.uniform(*kind.height_m))
    count = kind.boughs
    share = (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count
    from_z = kind.first_bough_m + share * (0.88 * height - kind.first_bough_m)
    yaw = 2.4 * np.arange(count) + rng.uniform(-0.4, 0.4, count)
    rise = kind.rise_rad[0] + share * (kind.rise_rad[1] - kind.rise_rad[0]) + rng.uniform(-0.15, 0.15, count)
    length = kind.reach_m * (1.05 - 0.55 * share) * rng.uniform(0.85, 1.2, count)
    feet = np.column_stack([np.zeros((count, 2)), from_z])
    tips = feet + length[:, None] * directions(yaw, rise)
    thick = kind.radius_m * (0.42 - 0.2 * share)
    parts = [
        _trunk(rng, kind.radius_m, height, bark),
        limbs(feet, tips, thick, material=bark, colours=np.ones((count, 3))),
    ]
    middle = np.array([0.0, 0.0, 0.62 * height])
    if season == "winter":
        parts.append(_bare(rng, bark, feet, tips, height))
    else:
        parts.append(_crown(rng, kind, PALETTES[bark][season], feet, tips, middle, height))
    return merge(parts)


def _crown(
    rng: np.random.Generator, kind: Broadleaf, palette: Array, feet: Array, tips: Array, middle: Array, height: float
) -> Mesh:
    per = kind.cards_per_bough
    along = np.tile(np.linspace(0.55, 1.08, per), len(feet))[:, None]
    spots = np.repeat(feet, per, axis=0) * (1.0 - along) + np.repeat(tips, per, axis=0) * along
    top = middle + np.array([0.0, 0.0, 0.38 * height]) + rng.normal(0.0, 0.4, (4, 3))
    spots = np.concatenate([spots + rng.normal(0.0, 0.3, spots.shape), top])
    count = len(spots)
    size = kind.card_m * rng.uniform(0.8, 1.2, count)
    spots[:, 2] = np.maximum(spots[:, 2], kind.first_bough_m - 0.4 + 0.5 * size)
    yaw = rng.uniform(0.0, 2.0 * np.pi, count)
    lean = rng.uniform(-0.9, 0.9, count) if kind.leaves != "leaves_fine" else rng.uniform(-0.3, 0.3, count)
    right = np.column_stack([np.cos(yaw), np.sin(yaw), np.zeros(count)])
    up = np.column_stack([-np.sin(yaw) * np.sin(lean), np.cos(yaw) * np.sin(lean), np.cos(lean)])
    outward = spots - middle
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
    depth = np.clip(0.90 + 0.2 * outward[:, 2:], 0.72, 1.08)
    return cards(
        spots - 0.5 * size[:, None] * up,
        0.5 * size[:, None] * right,
        size[:, None] * up,
        material=kind.leaves,
        colours=tones(rng, palette, count, 0.85, 1.1) * depth,
        normals=outward + np.array([0.0, 0.0, 1.0]),
        shade_at_foot=0.88,
    )


def _bare(rng: np.random.Generator, bark: str, feet: Array, tips: Array, height: float) -> Mesh:
    """Twigs at the ends of the boughs and at the top."""
    along = (tips - feet) / np.linalg.norm(tips - feet, axis=1, keepdims=True)
    starts = np.concatenate([feet + 0.55 * (tips - feet), tips - 0.15 * along, [[0.0, 0.0, 0.84 * height]] * 2])
    ways = np.concatenate([along, along, [[0.0, 0.0, 1.0]] * 2])
    ways = ways + rng.normal(0.0, 0.25, ways.shape) + np.array([0.0, 0.0, 0.3 if bark != "bark_birch" else 0.0])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    right = np.cross(ways, rng.normal(size=ways.shape))
    right /= np.linalg.norm(right, axis=1, keepdims=True) + 1e-9
    count = len(starts)
    size = rng.uniform(1.5, 2.3, (count, 1))
    tone = {"bark_birch": (0.46, 0.36, 0.34), "bark_beech": (0.48, 0.45, 0.42)}.get(bark, (0.36, 0.32, 0.29))
    colours = tones(rng, np.array([tone]), count)
    normals = np.tile([0.0, 0.0, 1.0], (count, 1))
    return cards(starts, 0.42 * size * right, size * ways, material="twigs", colours=colours, normals=normals)


def pine(rng: np.random.Generator, season: str) -> Mesh:
    """A pine: a tall bare stem, reddish above, and a ragged crown; a few dead sticks below it."""
    height = float(rng.uniform(11.0, 13.5))
    crown = 0.55 * height
    count = 9
    share = (np.arange(count) + rng.uniform(0.0, 0.8, count)) / count
    yaw = 2.4 * np.arange(count) + rng.uniform(-0.4, 0.4, count)
    feet = np.column_stack([np.zeros((count, 2)), crown + share * (0.97 * height - crown)])
    tips = feet + (2.1 - 1.4 * share)[:, None] * directions(yaw, 0.15 + 0.6 * share)
    sticks = 4
    low = np.column_stack([np.zeros((sticks, 2)), rng.uniform(2.6, crown, sticks)])
    stick_tips = low + rng.uniform(0.35, 0.9, (sticks, 1)) * directions(
        rng.uniform(0, 6.28, sticks), rng.uniform(-0.1, 0.4, sticks)
    )
    feet_all, tips_all = np.concatenate([feet, low]), np.concatenate([tips, stick_tips])
    thick = np.concatenate([np.full(count, 0.05), np.full(sticks, 0.025)])
    parts = [
        _trunk(rng, 0.18, height, "bark_pine", upper=np.array([1.35, 1.08, 0.88])),
        limbs(feet_all, tips_all, thick, material="bark_pine", colours=np.full((count + sticks, 3), 0.9), sides=3),
    ]
    per = 3
    along = np.tile([0.5, 0.8, 1.08], count)[:, None]
    spots = np.repeat(feet, per, axis=0) * (1 - along) + np.repeat(tips, per, axis=0) * along
    spots = np.concatenate([spots + rng.normal(0.0, 0.18, spots.shape), [[0.0, 0.0, height - 0.2]] * 2])
    parts.append(_tufts(rng, season, spots, 1.5))
    return merge(parts)


def _tufts(rng: np.random.Generator, season: str, spots: Array, size_m: float) -> Mesh:
    count = len(spots)
    yaw = rng.uniform(0.0, 2.0 * np.pi, count)
    lean = rng.uniform(-1.0, 1.0, count)
    right = np.column_stack([np.cos(yaw), np.sin(yaw), np.zeros(count)])
    up = np.column_stack([-np.sin(yaw) * np.sin(lean), np.cos(yaw) * np.sin(lean), np.cos(lean)])
    size = size_m * rng.uniform(0.8, 1.25, (count, 1))
    return cards(
        spots - 0.4 * size * up,
        0.55 * size * right,
        0.9 * size * up,
        material="tufts_snow" if season == "winter" else "tufts",
        colours=tones(rng, NEEDLES[season], count),
        normals=np.column_stack([spots[:, :2], np.full(count, 1.0)]),
        shade_at_foot=0.75,
    )


def spruce(rng: np.random.Generator, season: str) -> Mesh:
    """A spruce: a cone of drooping boughs above a stem with dead sticks."""
    height = float(rng.uniform(10.5, 13.5))
    bottom = float(rng.uniform(2.9, 3.6))
    sticks = 6
    low = np.column_stack([np.zeros((sticks, 2)), rng.uniform(2.3, bottom + 0.5, sticks)])
    ends = low + rng.uniform(0.4, 1.0, (sticks, 1)) * directions(
        rng.uniform(0, 6.28, sticks), rng.uniform(-0.5, -0.1, sticks)
    )
    return merge(
        [
            _trunk(rng, 0.19, height, "bark_spruce", tip=0.1),
            limbs(
                low, ends, np.full(sticks, 0.018), material="bark_spruce", colours=np.full((sticks, 3), 0.8), sides=3
            ),
            _whorls(rng, season, bottom, height, 2.2, 8, 6),
        ]
    )


def _whorls(
    rng: np.random.Generator, season: str, bottom: float, height: float, reach_m: float, whorls: int, per: int
) -> Mesh:
    """Fans of drooping spruce boughs in whorls, narrower towards the top, and a tip."""
    count = whorls * per
    share = np.repeat((np.arange(whorls) + 0.1) / whorls, per) + rng.uniform(-0.4, 0.4, count) / whorls
    share = np.clip(share, 0.0, 0.97)
    reach = reach_m * (1.0 - share) ** 0.85 * rng.uniform(0.85, 1.12, count) + 0.2
    yaw = np.tile(2.0 * np.pi * np.arange(per) / per, whorls) + np.repeat(rng.uniform(0, 6.28, whorls), per)
    yaw += rng.uniform(-0.25, 0.25, count)
    droop = -0.42 + 0.6 * share + rng.uniform(-0.15, 0.1, count)
    ups = reach[:, None] * directions(yaw, droop)
    feet = np.column_stack([np.zeros((count, 2)), bottom + 0.25 + share * (height - bottom)])
    tilt = rng.uniform(-0.35, 0.35, (count, 1))
    rights = np.column_stack([-np.sin(yaw), np.cos(yaw), np.zeros(count)])
    rights = 0.46 * reach[:, None] * (rights + tilt * np.array([0.0, 0.0, 1.0]))
    material = "needles_snow" if season == "winter" else "needles"
    colours = tones(rng, NEEDLES[season], count)
    normals = np.column_stack([np.cos(yaw), np.sin(yaw), np.full(count, 0.9)])
    fans = cards(feet, rights, ups, material=material, colours=colours, normals=normals, shade_at_foot=0.55)
    turn = np.array([0.3, 1.87])
    tip_rights = 0.35 * np.column_stack([np.cos(turn), np.sin(turn), np.zeros(2)])
    tip_ups = np.tile([0.0, 0.0, 0.13 * (height - bottom) + 0.3], (2, 1))
    tip_feet = np.tile([0.0, 0.0, height - 0.13 * (height - bottom)], (2, 1))
    tip = cards(
        tip_feet, tip_rights, tip_ups, material=material, colours=colours[:2], normals=np.tile([0.0, 0.0, 1.0], (2, 1))
    )
    return merge([fans, tip])


def young_spruce(rng: np.random.Generator, season: str) -> Mesh:
    """A young spruce of 4 to 5 m, green to the ground."""
    height = float(rng.uniform(4.4, 5.2))
    heights = np.array([-0.2, 0.4, FLIGHT_M, height])
    middles = np.column_stack([np.zeros((4, 2)), heights])
    trunk = stem(
        middles, np.array([0.065, 0.06, 0.025, 0.01]), material="bark_spruce", colours=np.full((4, 3), 0.8), sides=5
    )
    return merge([trunk, _whorls(rng, season, 0.3, height, 0.95, 8, 4)])


def sapling(rng: np.random.Generator, season: str) -> Mesh:
    """A thin young tree of 4.5 to 6 m with few leaves."""
    bark, leaves = (("bark_beech", "leaves_layered"), ("bark_birch", "leaves_fine"))[int(rng.integers(2))]
    height = float(rng.uniform(4.6, 6.0))
    middles = np.column_stack([np.zeros((4, 2)), [-0.2, 0.3, FLIGHT_M, height]])
    middles[3, :2] = rng.uniform(-0.2, 0.2, 2)
    trunk = stem(middles, np.array([0.065, 0.052, 0.034, 0.008]), material=bark, colours=np.ones((4, 3)), sides=5)
    count = 9
    from_z = np.linspace(1.9, 0.93 * height, count)
    yaw = 2.4 * np.arange(count) + rng.uniform(-0.4, 0.4, count)
    feet = np.column_stack([np.zeros((count, 2)), from_z])
    reach = 0.95 - 0.5 * np.linspace(0.0, 1.0, count)
    tips = feet + reach[:, None] * directions(yaw, np.full(count, 0.6))
    twigs = limbs(feet, tips, np.full(count, 0.012), material=bark, colours=np.full((count, 3), 0.8), sides=3)
    palette = PALETTES[bark].get(season)
    if palette is None:
        return merge([trunk, twigs, _bare_sprigs(rng, feet, tips)])
    spots = np.concatenate([tips, 0.5 * (feet[3:] + tips[3:])])
    total = len(spots)
    turn = rng.uniform(0, 6.28, total)
    right = np.column_stack([np.cos(turn), np.sin(turn), rng.uniform(-0.3, 0.3, total)])
    size = rng.uniform(0.6, 0.95, (total, 1))
    up = np.column_stack([rng.uniform(-0.4, 0.4, (total, 2)), np.ones(total)])
    crown = cards(
        spots - 0.5 * size * up,
        0.5 * size * right,
        size * up,
        material=leaves,
        colours=tones(rng, palette, total),
        normals=np.column_stack([spots[:, :2], np.full(total, 0.8)]),
    )
    return merge([trunk, twigs, crown])


def _bare_sprigs(rng: np.random.Generator, feet: Array, tips: Array) -> Mesh:
    count = len(feet)
    ways = tips - feet
    right = np.cross(ways, rng.normal(size=ways.shape))
    right *= 0.35 / (np.linalg.norm(right, axis=1, keepdims=True) + 1e-9)
    colours = tones(rng, np.array([(0.42, 0.36, 0.32)]), count)
    normals = np.tile([0.0, 0.0, 1.0], (count, 1))
    return cards(feet, right, 1.3 * ways, material="twigs", colours=colours, normals=normals)


def snag(rng: np.random.Generator) -> Mesh:
    """A dead standing stem, grey and broken off at 5 to 8 m."""
    height = float(rng.uniform(5.0, 8.0))
    middles = np.column_stack([np.zeros((5, 2)), [-0.4, 0.1, 0.6, FLIGHT_M, height]])
    trunk = stem(
        middles,
        0.16 * np.array([1.4, 1.2, 1.0, 0.9, 0.55]),
        material="bark_spruce",
        colours=np.tile(DEAD_TONE, (5, 1)),
        sides=8,
    )
    count = 7
    feet = np.column_stack([np.zeros((count, 2)), rng.uniform(2.4, height - 0.2, count)])
    lengths = rng.uniform(0.3, 1.3, (count, 1))
    tips = feet + lengths * directions(2.4 * np.arange(count, dtype=np.float64), rng.uniform(-0.2, 0.7, count))
    splinter = np.array([[0.0, 0.05, height - 0.1]])
    feet = np.concatenate([feet, splinter])
    tips = np.concatenate([tips, splinter + np.array([[0.05, 0.0, 0.6]])])
    thick = np.append(np.full(count, 0.03), 0.06)
    sticks = limbs(feet, tips, thick, material="bark_spruce", colours=np.tile(DEAD_TONE, (count + 1, 1)))
    return merge([trunk, sticks])

"""Walls of the woods: timber and rock faces beside the way to the target, or lanes of them, never across the sight.

Drying frames stand as they do, and are seen through.
"""

from __future__ import annotations

from sim_worlds.forest_extras import Extras
from sim_worlds.forest_site import Gaps, Site, stood
from sim_worlds.models.deadwood import FACE_SIZE_M, STACK_SIZE_M, rock_face, timber_stack
from sim_worlds.models.forestry import drying_frame
from sim_worlds.scene import Collider, Float3

FRAME_SIZE_M: Float3 = (5.0, 1.5, 3.0)
SIZES_M: dict[str, Float3] = {"timber stack": STACK_SIZE_M, "rock face": FACE_SIZE_M, "drying frame": FRAME_SIZE_M}
CATEGORY_OF = {"timber stack": "tree", "rock face": "rock", "drying frame": "furniture"}
FEWEST, MOST = 3, 6
LANE_SHARE, OPENING_SHARE = 0.45, 0.15
LANE_ROOM_M = (1.0, 1.9)  # from the straight way to the row on either side
LANE_BEGINS_M = (-1.5, 2.0)
LANE_LENGTHS = (0.4, 0.8)  # short pieces find room between trees
LANE_BACK_M, LANE_TRIES = 0.5, 6  # a piece stands back where a tree is in its way
TRIES = 40
GAPS = Gaps(line_m=0.85, start_m=1.8, pack_m=2.2)
LANE_GAPS = GAPS._replace(start_m=0.95)
APART_M = 0.5
ASIDE_M = 7.0
BEYOND_M = 4.0


class Barriers(Extras):
    """Timber and rock that were put up."""

    name = "barrier"
    kinds: tuple[str, ...] = ("timber stack", "rock face")

    def put_up(self, site: Site) -> None:
        """Put up walls where neither trees nor the sight are touched: a lane along the way, or up to six beside it."""
        if self._rng.random() < LANE_SHARE:
            self._put_up_lane(site)
        else:
            self._put_up_walls(site)

    def _put_up_walls(self, site: Site) -> None:
        """Half of them along the way, half across what lies beside it."""
        for _ in range(int(self._rng.integers(FEWEST, MOST + 1))):
            kind = self.kinds[int(self._rng.integers(len(self.kinds)))]
            for _ in range(TRIES):
                along = float(self._rng.uniform(0.5, site.length_m + BEYOND_M))
                aside = float(self._rng.uniform(-ASIDE_M, ASIDE_M))
                turn = self._rng.uniform(-0.3, 0.3) if self._rng.random() < 0.5 else self._rng.uniform(0.3, 2.8)
                half, spot = self._half_size_m(kind), site.spot(along, aside)
                wall = stood(kind, spot, half, site.yaw_rad + float(turn), site.ground)
                if self.stands_clear(wall, APART_M) and site.fits(wall, GAPS):
                    self._add(kind, wall)
                    break

    def _put_up_lane(self, site: Site) -> None:
        """Two rows end to end with a few openings, as racks make aisles."""
        kind = self.kinds[int(self._rng.integers(len(self.kinds)))]
        first, last = float(self._rng.uniform(*LANE_BEGINS_M)), site.length_m + float(self._rng.uniform(-2.0, 2.0))
        for side in (-1.0, 1.0):
            room, along = float(self._rng.uniform(*LANE_ROOM_M)), first
            while along < last:
                half = self._half_size_m(kind, LANE_LENGTHS)
                for _ in range(0 if self._rng.random() < OPENING_SHARE else LANE_TRIES):
                    back = float(self._rng.uniform(0.0, LANE_BACK_M))
                    spot = site.spot(along + half[0], side * (room + back + half[1]))
                    wall = stood(kind, spot, half, site.yaw_rad + float(self._rng.uniform(-0.05, 0.05)), site.ground)
                    if site.fits(wall, LANE_GAPS) and self.stands_clear(wall, APART_M, own=False):
                        self._add(kind, wall)
                        break
                along += 2.0 * half[0] + float(self._rng.uniform(0.05, 0.4))

    def _half_size_m(self, kind: str, lengths: tuple[float, float] = (0.8, 1.25)) -> Float3:
        length, depth, height = SIZES_M[kind]
        size = float(self._rng.uniform(*lengths))
        return (0.5 * length * size, 0.5 * depth, 0.5 * height * float(self._rng.uniform(0.85, 1.15)))

    def _add(self, kind: str, wall: Collider) -> None:
        maker = timber_stack if kind == "timber stack" else rock_face
        scale = (2.0 * wall.size_m[0] / SIZES_M[kind][0], 1.0, 2.0 * wall.size_m[2] / SIZES_M[kind][2])
        self.put(maker(self._rng, self._season), CATEGORY_OF[kind], wall, scale)


class Frames(Barriers):
    """Drying frames that were put up."""

    name = "frame"
    kinds = ("drying frame",)

    def _add(self, kind: str, wall: Collider) -> None:
        self.put(drying_frame(self._rng, wall.size_m), CATEGORY_OF[kind], wall)

"""Where things are in a city: roads on a grid, pavements along them, square blocks of land between. ENU metres."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

ROADS_M = (-40.0, 0.0, 40.0)
SPACING_M = 40.0
HALF_ROAD_M = 5.0
WALL_M = 9.5
"""Distance of the houses from a road's centre line; the pavement lies between."""
LAND_M = SPACING_M - 2.0 * WALL_M
"""Side of a block's land, inside its pavements."""
BLOCK_M = SPACING_M - 2.0 * HALF_ROAD_M
"""Side of a block with its pavements."""
BLOCK_CENTRES_M = (-60.0, -20.0, 20.0, 60.0)
LANE_M = 1.5
CYCLE_LANE_M = 2.1
PARKING_M = 3.95
KERB_LINE_M = 5.5
WALKING_LINE_M = 6.7
PASSING_LINES_M = (7.7, 8.4)
"""Where passers-by walk, by direction; beside the walking line, so that they and the target do not meet head-on."""
WALL_LINE_M = 9.1
ZEBRA_M = (5.25, 8.75)
JUNCTION_M = 9.6
"""A junction with its crossings reaches this far from its centre."""

Point = NDArray[np.float64]


def inner_blocks() -> list[tuple[float, float]]:
    """Centres of the blocks with streets all around."""
    inside = [centre for centre in BLOCK_CENTRES_M if abs(centre) < ROADS_M[-1]]
    return list(product(inside, inside))


def junctions() -> list[tuple[float, float]]:
    """Centres of the crossings of two roads."""
    return list(product(ROADS_M, ROADS_M))


def along_junction_m(coordinate_m: float) -> float:
    """Distance of a coordinate to the nearest road's centre line."""
    return min(abs(coordinate_m - road) for road in ROADS_M)

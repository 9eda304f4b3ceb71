"""What can be learned from the expert's commands: changed where no image could tell them, and weighed.

The expert knows the map. A network that sees only images learns the mean of what it cannot tell apart, so commands
that hang on what is out of sight are replaced with what anybody would fly, or count less.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

NEARNESS_M = 2.0
AHEAD, MIDDLE = slice(5, 11), slice(6, 10)  # sectors in the middle third and quarter of the image
LEFT, RIGHT, ROOM_SEEN_M = slice(0, 8), slice(8, 16), 8.0  # sectors, and how far a half of them is looked into
FREE_AHEAD_M, BESIDE_M, FAST_M_S = 3.2, 2.1, 1.0
HAZARD_M, BEFORE_TARGET_M = 3.0, 1.5  # a hazard is so near and so far before the target
MOVING_M_S = 0.3
STILL_M_S, TURNING_RAD_S = 0.1, 0.5  # who searches turns on the spot
REMEMBERED_S = 2.0  # for so long a target that went out of sight is known to be somewhere
SIDE_KNOWN_S = 5.0  # for so long it is known on which side a target went out of sight
OUT_OF_SIGHT = 0.25  # a command counts so much once the target has been out of sight for longer, unless it searches
NEVER_SEEN, LOST = 0.05, 3.0  # a search counts so much before and after the target was in sight
SLOWLY, SEARCH_RAD_S = 0.5, 0.8
DANGER_WEIGHT = 3.0  # a command before a solid at arm's length weighs this much more
PASSAGE_WEIGHT, HAZARD_WEIGHT = 2.0, 2.0


def passing(free_m: NDArray[np.float32], commands: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the expert flies on, (steps,), past solids beside its free way; see :class:`training.cache.Cache`."""
    ahead, beside = free_m[:, AHEAD].min(axis=1), free_m.min(axis=1)
    return np.asarray((ahead > FREE_AHEAD_M) & (beside < BESIDE_M) & (commands[:, 0] > FAST_M_S))


def blocked(free_m: NDArray[np.float32], distances_m: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a solid stands right ahead, (steps,), and well before the target."""
    ahead = free_m[:, MIDDLE].min(axis=1)
    return np.asarray((ahead < HAZARD_M) & (distances_m - ahead > BEFORE_TARGET_M))


def moving(commands: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the expert flies somewhere, (steps,), rather than hover or turn."""
    return np.asarray(np.hypot(commands[:, 0], commands[:, 1]) > MOVING_M_S)


def searching(visible: NDArray[np.bool_], commands: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the expert turns on the spot to find a target that is out of sight, (steps,)."""
    still = np.hypot(commands[:, 0], commands[:, 1]) < STILL_M_S
    return np.asarray(~visible & still & (np.abs(commands[:, 3]) > TURNING_RAD_S))


def search_to_the_left(
    visible: NDArray[np.bool_], commands: NDArray[np.float32], stamps_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the commands of a sequence, (steps, 4), searching to the left unless the target went lately.

    The expert turns to where the target was last seen. Who has not seen it yet, or lost it long ago, cannot know that
    side, and would learn the mean of both: not to turn at all.
    """
    lately = since_seen_s(visible, stamps_s) <= SIDE_KNOWN_S
    unknown = searching(visible, commands) & ~lately
    changed = commands.astype(np.float32)
    changed[unknown, 3] = np.abs(changed[unknown, 3])
    return changed


def pass_on_the_freer_side(
    visible: NDArray[np.bool_],
    commands: NDArray[np.float32],
    free_m: NDArray[np.float32],
    ahead: NDArray[np.bool_],
    stamps_s: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the commands of a sequence, (steps, 4), passing a solid ahead where there is more room.

    The expert knows what hides behind it and goes the shorter way. Who has not seen the target yet, or lost it long
    ago, would learn the mean of both sides: straight into what stands there.
    """
    unknown = ~visible & ahead & (since_seen_s(visible, stamps_s) > SIDE_KNOWN_S)
    changed = commands.astype(np.float32)
    if unknown.any():
        left, right = (free_m[unknown][:, half].clip(max=ROOM_SEEN_M).mean() for half in (LEFT, RIGHT))
        changed[unknown, 1] = np.abs(changed[unknown, 1]) * (1.0 if left >= right else -1.0)
    return changed


def since_seen_s(visible: NDArray[np.bool_], stamps_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the seconds since the target was last in sight, (steps,), infinite before it was."""
    return np.asarray(stamps_s - np.maximum.accumulate(np.where(visible, stamps_s, -np.inf)))


def while_covered(
    commands: NDArray[np.float32], hidden: NDArray[np.bool_], stamps_s: NDArray[np.float64], side: float
) -> NDArray[np.float32]:
    """Return the commands of a sequence, (steps, 4), for a target that something hides.

    For as long as it is remembered the way goes on, slowly, and the nose stays on it, as the expert knows; then it is
    searched for on the side where it was, 1 for the left.
    """
    changed = commands.copy()
    if not hidden.any():
        return changed
    since_s = stamps_s - stamps_s[np.argmax(hidden)]
    changed[hidden, :2] *= SLOWLY
    changed[hidden & (since_s > REMEMBERED_S)] = (0.0, 0.0, 0.0, side * SEARCH_RAD_S)
    return changed


def certainty(
    visible: NDArray[np.bool_], commands: NDArray[np.float32], stamps_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return how far the commands of a sequence can be known from its images, (steps,).

    What the expert flies to a target long out of sight, only its map tells; that it searches, anybody would, and it
    counts more, because it is rare. A search for what was never seen counts little: a backpack beyond 25 m is so small
    that it cannot be told from none, and who searches for it stays where it is.
    """
    lately = visible | losing(visible, stamps_s, np.array([0, len(visible)]))
    search, seen = searching(visible, commands), np.maximum.accumulate(visible)
    sure = np.where(lately | search, 1.0, OUT_OF_SIGHT)
    return np.where(search, np.where(seen, LOST, NEVER_SEEN), sure).astype(np.float32)


def losing(visible: NDArray[np.bool_], stamps_s: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where the target is out of sight but was in it lately, (steps,); ``starts`` of :class:`training.cache.Cache`."""
    lost = np.zeros(len(visible), dtype=bool)
    for first, end in pairwise(starts):
        seen = visible[first:end]
        lost[first:end] = ~seen & (since_seen_s(seen, stamps_s[first:end]) <= REMEMBERED_S)
    return lost


def command_weight(
    free_m: NDArray[np.float32], commands: NDArray[np.float32], distances_m: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how much the command of each moment counts, (steps,)."""
    danger = np.maximum(np.exp(-free_m[:, AHEAD].min(axis=1) / NEARNESS_M) - 0.5, 0.0)
    weight = 1.0 + DANGER_WEIGHT * danger + PASSAGE_WEIGHT * passing(free_m, commands)
    return np.asarray(weight + HAZARD_WEIGHT * blocked(free_m, distances_m), dtype=np.float32)

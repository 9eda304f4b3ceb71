"""Batches of augmented images and sequences, prepared in the background while the network learns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from training.augment import apply_look, draw_look, is_whole, keep_surroundings, move_target, plain_look
from training.cache import Cache
from training.labels import (
    NEARNESS_M,
    blocked,
    certainty,
    command_weight,
    losing,
    moving,
    pass_on_the_freer_side,
    passing,
    search_to_the_left,
    searching,
    while_covered,
)
from training.settings import TrainSettings
from training.zoom import fly_over, stills

T = TypeVar("T")
MIRROR = np.array([1.0, -1.0, 1.0, -1.0], dtype=np.float32)
VISIBLE_PX, STILL_PX = 6, 40
CELL_PX = 8
NEAREST_M, FARTHEST_M = 1.5, 20.0  # of targets that are put before other surroundings
LARGEST_SCALE = 1.5
COVERED_S, COVER_MARGIN_PX = (0.5, 5.0), (2, 40)
LEAD = 24  # a sequence begins up to so many images before the rare moment it was chosen for


class Commanded(Protocol):
    """What the loss of commands needs of a batch; see :class:`Batch`."""

    @property
    def visible(self) -> torch.Tensor: ...

    @property
    def commands(self) -> torch.Tensor: ...

    @property
    def use_command(self) -> torch.Tensor: ...

    @property
    def weight(self) -> torch.Tensor: ...


@dataclass(frozen=True)
class Batch:
    """Tensors of ``batch`` sequences of ``time`` images.

    Attributes:
        images: uint8 (batch, time, height, width, 3).
        heat: (batch, time, height / 8, width / 8) share of each cell that the target fills.
        visible: bool (batch, time), the target fills more than a few pixels, or nobody knows.
        has_mask: bool (batch, time), False where nobody knows where target and solids are: commands alone are learned.
        commands: (batch, time, 4), what the expert would fly.
        use_command: bool (batch, time), False where the surroundings were replaced or nobody labelled the image.
        log_distance: (batch, time).
        nearness: (batch, time, sectors) of solids, 1 at the vehicle, 0 far away.
        weight: (batch, time) of the command: more before solids and where the way between solids is free, less where
            nobody can know it, see :func:`certainty`.
        elapsed_s: (batch, time).
    """

    images: torch.Tensor
    heat: torch.Tensor
    visible: torch.Tensor
    has_mask: torch.Tensor
    commands: torch.Tensor
    use_command: torch.Tensor
    log_distance: torch.Tensor
    nearness: torch.Tensor
    weight: torch.Tensor
    elapsed_s: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(**{item.name: getattr(self, item.name).to(device, non_blocking=True) for item in fields(self)})


@dataclass(frozen=True)
class Cover:
    """Something that comes before the target: an upright band of another image.

    Attributes:
        hidden: bool (steps,) when it hides the target.
        side: 1 when the target was left of the middle before, else -1.
        other: image (height, width, 3) that the band is cut from.
        margin_px: of the band on either side of the target.
    """

    hidden: NDArray[np.bool_]
    side: float
    other: NDArray[np.uint8]
    margin_px: int

    def draw(self, image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the image with the band over the target, and what is left of the mask: nothing."""
        columns = np.flatnonzero(mask.any(axis=0))
        band = slice(max(0, columns[0] - self.margin_px), columns[-1] + 1 + self.margin_px)
        covered = image.copy()
        covered[:, band] = self.other[:, band]
        return covered, np.zeros_like(mask)


class BatchMaker:
    """Draws and augments sequences of a cache.

    Args:
        cache: decoded episodes.
        settings: of the augmentation.
        episodes: indices of those to draw from; what is learned from counts as often as its weight says.
        augment: learn from it, or check with it as it is.
    """

    def __init__(self, cache: Cache, settings: TrainSettings, episodes: NDArray[np.int64], *, augment: bool) -> None:
        self.cache, self.settings, self.augment = cache, settings, augment
        often = _repeated(episodes, cache.weights[episodes]) if augment else episodes
        spans = [np.arange(cache.starts[e], cache.starts[e + 1]) for e in often]
        self.steps = np.concatenate(spans)
        self.ends = np.concatenate([np.full(len(span), span[-1] + 1) for span in spans])
        lengths = [len(span) for span in spans]
        self._begins = np.repeat(np.cumsum([0, *lengths[:-1]]), lengths)
        pixels = cache.target_pixels
        empty = self.steps[(pixels[self.steps] == 0) & cache.has_mask[self.steps]]
        self._empty = empty if len(empty) else self.steps[:1]
        self._stills = stills(cache, self.steps, STILL_PX) if settings.zoom_share else self.steps[:0]
        free_m, commands = cache.free_m[self.steps], cache.commands[self.steps]
        visible = (pixels >= VISIBLE_PX) | ~cache.has_mask
        lost = losing(visible, cache.stamps_s, cache.starts)[self.steps]
        self._rare = [
            (settings.passage_share, np.flatnonzero(passing(free_m, commands))),
            (settings.hazard_share, np.flatnonzero(blocked(free_m, cache.distances_m[self.steps]))),
            (settings.hidden_share, np.flatnonzero(lost & moving(commands))),
            (settings.search_share, np.flatnonzero(lost & searching(visible[self.steps], commands))),
        ]

    def images(self, rng: np.random.Generator, order: NDArray[np.int64]) -> Batch:
        """Return single images, time = 1, of positions ``order`` in :attr:`steps`."""
        return self._collate([self._sequence(rng, np.array([self.steps[index]])) for index in order])

    def sequences(self, rng: np.random.Generator, order: NDArray[np.int64], length: int) -> Batch:
        """Return sequences that begin at positions ``order``, at varying frame rates."""
        return self._collate([self._flight(rng, self._stretch(rng, index, length)) for index in order])

    def prefer_rare(
        self, rng: np.random.Generator, order: NDArray[np.int64], lead: int = LEAD
    ) -> NDArray[np.int64]:
        """Return ``order`` with shares of its places taken by stretches that hold a rare moment, of the same flight.

        Those are a free way past solids, nearly everything in a street, a solid dead ahead, and a target that something
        hides: two, two and one of a hundred moments in forests; and a target that has just left the image. The
        stretches begin less than ``lead`` images before it.
        """
        lot, preferred, below = rng.random(len(order)), order.copy(), 0.0
        for share, moments in self._rare:
            chosen = np.flatnonzero((lot >= below) & (lot < below + share))
            below += share
            if len(chosen) and len(moments):
                picked = rng.choice(moments, len(chosen))
                preferred[chosen] = np.maximum(picked - rng.integers(0, lead, len(chosen)), self._begins[picked])
        return preferred

    def _stretch(self, rng: np.random.Generator, index: int, length: int) -> NDArray[np.int64]:
        start, end = int(self.steps[index]), int(self.ends[index])
        stride = int(rng.choice(self.settings.strides)) if self.augment else 1
        gaps = np.full(length, stride)
        if self.augment:
            gaps += rng.random(length) < self.settings.lost_share
        steps = start + np.concatenate([[0], np.cumsum(gaps)[:-1]])
        overshoot = int(steps[-1]) - (end - 1)
        if overshoot > 0:
            first = int(self.cache.starts[np.searchsorted(self.cache.starts, start, side="right") - 1])
            steps = np.maximum(steps - overshoot, first)
        return np.asarray(steps, dtype=np.int64)

    def _flight(self, rng: np.random.Generator, steps: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
        """Return a stretch of a flight, or, in a share of the sequences, as long a flight made from a still."""
        share, over = self.settings.zoom_share if self.augment else 0.0, None
        if share and rng.random() < share:
            over = fly_over(rng, self.cache, self._stills, self.cache.stamps_s[steps])
        return self._sequence(rng, steps) if over is None else self._sequence(rng, np.arange(len(steps)), over)

    def _sequence(
        self, rng: np.random.Generator, steps: NDArray[np.int64], cache: Cache | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """Return some steps, changed as they are learned from; of another cache than the maker's where one is given."""
        cache, settings = cache or self.cache, self.settings
        look = draw_look(rng, settings.recolour, settings.patches) if self.augment else plain_look()
        has_mask = cache.has_mask[steps]
        if not has_mask.all():
            look = keep_surroundings(look)
        replace = has_mask.all() and self.augment and len(steps) == 1 and rng.random() < settings.replace_background
        behind = int(rng.choice(self._empty)) if replace else None
        distances_m = cache.distances_m[steps]
        turned = bool(replace and rng.random() < 0.5)
        background = None if behind is None else _turned(np.asarray(self.cache.images[behind]), turned)
        commands, stamps = cache.commands[steps].astype(np.float32), cache.stamps_s[steps]
        cover = self._cover(rng, cache, steps) if self.augment and len(steps) > 1 and has_mask.all() else None
        if cover is not None:
            commands = while_covered(commands, cover.hidden, stamps, cover.side)
        images, heats, visible = [], [], []
        for position, step in enumerate(steps):
            image, mask = np.asarray(cache.images[step]), cache.mask(int(step))
            if replace and is_whole(mask):
                scale = _scale(rng, float(distances_m[position]))
                image, mask = move_target(image, mask, scale, _anywhere(rng))
                distances_m = distances_m / scale
            if cover is not None and cover.hidden[position]:
                image, mask = cover.draw(image, mask)
            image, mask = apply_look(look, image, mask, rng, step=position, background=background)
            images.append(image)
            height, width = mask.shape
            heat = mask.reshape(height // CELL_PX, CELL_PX, width // CELL_PX, CELL_PX).mean(axis=(1, 3))
            heats.append(heat.astype(np.float32))
            visible.append(int(mask.sum()) >= VISIBLE_PX or not cache.has_mask[step])
        seen = np.array(visible)
        free_m = cache.free_m[steps]
        ahead = blocked(free_m, cache.distances_m[steps])
        commands = pass_on_the_freer_side(seen, commands, free_m, ahead, stamps)
        commands = search_to_the_left(seen, commands * (MIRROR if look.flip else 1.0), stamps)
        around_m = free_m if behind is None else _turned(self.cache.free_m[[behind]], turned)
        nearness = np.asarray(np.exp(-around_m / NEARNESS_M), dtype=np.float32)
        elapsed = np.diff(stamps, prepend=stamps[0] - 0.05)
        return {
            "images": np.stack(images),
            "heat": np.stack(heats),
            "visible": seen,
            "has_mask": has_mask,
            "commands": commands.astype(np.float32),
            "use_command": cache.labelled[steps] & (not replace),
            "log_distance": np.log(np.maximum(distances_m, 0.1)),
            "nearness": np.ascontiguousarray(nearness[:, ::-1]) if look.flip else nearness,
            "weight": command_weight(free_m, commands, distances_m) * certainty(seen, commands, stamps),
            "elapsed_s": elapsed.astype(np.float32),
        }

    def _cover(self, rng: np.random.Generator, cache: Cache, steps: NDArray[np.int64]) -> Cover | None:
        """Draw what comes before the target in a share of the sequences; None when nothing does or can."""
        share = self.settings.cover_share
        seen = cache.target_pixels[steps] >= VISIBLE_PX
        if not share or rng.random() >= share or seen.sum() < 2:
            return None
        stamps = cache.stamps_s[steps]
        first = int(rng.choice(np.flatnonzero(seen)[1:]))
        hidden = seen & (stamps >= stamps[first]) & (stamps < stamps[first] + rng.uniform(*COVERED_S))
        before = int(np.flatnonzero(seen[:first])[-1])
        middle = np.flatnonzero(cache.mask(int(steps[before])).any(axis=0)).mean()
        side = 1.0 if middle < 0.5 * cache.images.shape[2] else -1.0
        other = np.asarray(self.cache.images[int(rng.choice(self._empty))])
        return Cover(hidden, side, other, int(rng.integers(*COVER_MARGIN_PX)))

    @staticmethod
    def _collate(items: list[dict[str, NDArray[np.generic]]]) -> Batch:
        return Batch(**{name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]})


def _scale(rng: np.random.Generator, distance_m: float) -> float:
    """Return what brings a target to any distance that is learned, each ratio of two of them as often as another."""
    wanted_m = float(np.exp(rng.uniform(np.log(NEAREST_M), np.log(FARTHEST_M))))
    return min(max(distance_m, 0.1) / wanted_m, LARGEST_SCALE)


def _anywhere(rng: np.random.Generator) -> tuple[float, float]:
    """Return column and row of a target's middle, relative to the image; a tenth lie on its left or right edge."""
    return float(np.clip(rng.uniform(-0.05, 1.05), 0.005, 0.995)), float(rng.random())


def _turned(values: NDArray[Any], turned: bool) -> NDArray[Any]:
    """Return values whose second axis goes from left to right, mirrored or as they are."""
    return np.ascontiguousarray(values[:, ::-1]) if turned else values


def _repeated(episodes: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return each episode as often as its weight says; of a fraction, every so manyth episode once more."""
    sums = np.floor(np.cumsum(weights) + 1e-9).astype(np.int64)
    times = np.diff(sums, prepend=0)
    return np.repeat(episodes, times)


def prefetch(jobs: Sequence[Callable[[], T]], loaders: int = 1, ahead: int = 4) -> Iterator[T]:
    """Yield the results of some jobs in order, worked on by threads that stay ``ahead`` of the reader."""
    with ThreadPoolExecutor(loaders, "loader") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > ahead + loaders - 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

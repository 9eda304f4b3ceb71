"""The pictures of README.md, made from a run and from the shipped network.

``python -m training.readme_pictures runs/latest docs/pictures``
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from liquid_nav import load_policy
from liquid_nav.errors import EpisodeError
from liquid_nav.policy.heads import make_wiring

STILL_AT = 0.55
CLIP_S = 10.0
CLIP_HZ = 5
CLIP_WIDTH = 560
COLOURS = {"inter": "#3f7fbf", "command": "#7a4fb5", "motor": "#d9822b"}
MOTORS = ("forward", "left", "up", "turn")


def main() -> None:
    """Write ``flight.png``, ``flight.gif``, ``path.png`` and ``network.png``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a flight")
    parser.add_argument("out", type=Path, help="folder for the pictures")
    given = parser.parse_args()
    run, out = given.run, given.out
    out.mkdir(parents=True, exist_ok=True)
    pictures = _read_film(run / "flight.mp4")
    Image.fromarray(pictures[int(STILL_AT * len(pictures))]).save(out / "flight.png", optimize=True)
    _save_clip(pictures, out / "flight.gif")
    (out / "path.png").write_bytes((run / "path.png").read_bytes())
    draw_network(out / "network.png")


def _read_film(path: Path) -> list[NDArray[np.uint8]]:
    if not path.is_file():
        raise EpisodeError(f"{path} does not exist: run `make fly` first")
    with av.open(str(path)) as film:
        return [np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in film.decode(video=0)]


def _save_clip(pictures: list[NDArray[np.uint8]], path: Path) -> None:
    """Write the middle seconds of a film as a small GIF."""
    step = 20 // CLIP_HZ
    first = int(STILL_AT * len(pictures)) - int(0.5 * CLIP_S * 20)
    chosen = pictures[max(0, first) : max(0, first) + int(CLIP_S * 20) : step]
    height = round(CLIP_WIDTH * chosen[0].shape[0] / chosen[0].shape[1])
    frames = [Image.fromarray(picture).resize((CLIP_WIDTH, height), Image.Resampling.LANCZOS) for picture in chosen]
    # An octree of many frames keeps small colourful things, such as the backpack, and grey as grey.
    many = Image.fromarray(np.concatenate([np.asarray(frame) for frame in frames[::6]]))
    palette = many.quantize(256, method=Image.Quantize.FASTOCTREE)
    small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    small[0].save(path, save_all=True, append_images=small[1:], duration=1000 // CLIP_HZ, loop=0, optimize=True)


def draw_network(path: Path) -> None:
    """Draw the liquid neurons of the shipped policy and the synapses between its layers."""
    config = load_policy().config
    wiring = make_wiring(config)
    places: dict[int, tuple[float, float]] = {}
    figure, axes = plt.subplots(figsize=(8.4, 4.2), dpi=120)
    for column, (name, neurons) in enumerate(zip(COLOURS, wiring.layers, strict=True)):
        heights = np.linspace(1.0, 0.0, len(neurons) + 2)[1:-1]
        for neuron, height in zip(neurons, heights, strict=True):
            places[neuron] = (1.0 + column, float(height))
            axes.scatter(*places[neuron], s=260, color=COLOURS[name], zorder=3, edgecolor="white")
        axes.text(1.0 + column, 1.02, f"{len(neurons)} {name}", ha="center", color=COLOURS[name])
    layer_of = {neuron: index for index, neurons in enumerate(wiring.layers) for neuron in neurons}
    for source, destination in np.argwhere(wiring.recurrent):
        if layer_of[int(destination)] == layer_of[int(source)]:
            continue
        arrow = {"arrowstyle": "-|>", "color": "#5a6068", "alpha": 0.5, "shrinkA": 8, "shrinkB": 8}
        axes.annotate("", places[int(destination)], places[int(source)], arrowprops=arrow)
    axes.text(2.0, 0.0, "the neurons of a layer also hear their layer's last state", ha="center", color="#5a6068")
    axes.text(0.2, 0.5, f"{config.features} features\nof the image", ha="center", va="center")
    axes.annotate("", (0.86, 0.5), (0.48, 0.5), arrowprops={"arrowstyle": "-|>", "color": "#777777"})
    for neuron, name in zip(wiring.layers[2], MOTORS, strict=True):
        axes.text(places[neuron][0] + 0.12, places[neuron][1], name, va="center")
    axes.set_xlim(-0.1, 3.6)
    axes.set_ylim(-0.05, 1.1)
    axes.axis("off")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main()

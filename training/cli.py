"""The command ``liquid-nav``. Exit status: 0 done, 1 the mission or check failed, 2 bad usage or input."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from liquid_nav import __version__
from liquid_nav.errors import ConfigError, LiquidNavError
from training import episodes_cli

app = typer.Typer(
    name="liquid-nav",
    help="A drone that learns in the woods and flies in the city, with 19 liquid neurons.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(episodes_cli.app, name="episodes")
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Workers = Annotated[int, typer.Option(help="Processes.", min=1, max=64)]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="Of the world, such as season=winter or hour=8; repeat it for several."),
]
Renderer = Annotated[str, typer.Option(help="auto, gl or tiny.")]
Foxglove = Annotated[bool, typer.Option("--foxglove", help="Show it live to Foxglove on ws://127.0.0.1:8766.")]
Rerun = Annotated[bool, typer.Option("--rerun", help="Show it live in rerun.")]
Save = Annotated[Path | None, typer.Option(help="With --rerun: write this .rrd file instead.")]
Ray = Annotated[
    str | None,
    typer.Option(help="Fly on a Ray cluster: host:port, or auto for the one on this machine, started where none runs."),
]


@app.command()
def worlds(
    world: Annotated[str, typer.Argument(help="Draw this world; nothing lists all worlds.")] = "",
    seed: Annotated[int, typer.Option(help="Of the first world.", min=0)] = 0,
    count: Annotated[int, typer.Option(help="Worlds on the sheet.", min=1, max=24)] = 6,
    option: Options = None,
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("worlds.png"),
    sheet: Annotated[Path | None, typer.Option(help="Folder for sheets of every world, season, hour, camera.")] = None,
    renderer: Renderer = "auto",
    as_json: Json = False,
) -> None:
    """List the worlds and their options, or draw them as the vehicle's camera sees them."""
    from sim_worlds.catalogue import WORLDS, world_options
    from training.world_sheets import draw_some, draw_world_sheets

    if sheet is not None:
        files = [str(file) for file in draw_world_sheets(sheet, renderer)]
        typer.echo(json.dumps(files) if as_json else "\n".join(files))
    elif world:
        draw_some(world, range(seed, seed + count), _options(option), out, renderer)
        _answer({"file": str(out), "worlds": count}, as_json)
    elif option:
        raise ConfigError(f"option {option[0]!r} is given without a world: name one of {', '.join(WORLDS)}")
    else:
        options = {name: list(world_options(name)) for name in WORLDS}
        _answer(options if as_json else {name: ", ".join(keys) for name, keys in options.items()}, as_json)


@app.command()
def collect(
    out: Annotated[Path, typer.Option(help="Folder for the episodes.")] = Path("data/forest"),
    episodes: Annotated[int, typer.Option(help="Flights.", min=1)] = 250,
    config: Annotated[Path | None, typer.Option(help="YAML with a 'collect' section.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Let this policy fly and the expert label.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the configuration's seed.", min=0)] = None,
    workers: Workers = 2,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Collect expert episodes in forests of the training split."""
    from training.collect import collect as run
    from training.settings import CONFIGS, CollectSettings, load_settings

    settings = load_settings(config or CONFIGS / "forest.yaml", "collect", CollectSettings)
    settings = settings if seed is None else replace(settings, seed=seed)
    _answer(run(settings, out, episodes, workers=workers, policy=policy, ray=ray), as_json)


@app.command()
def relabel(
    episodes: Annotated[Path, typer.Argument(help="Folder of episodes that `collect` or, for --masks, a pilot made.")],
    out: Annotated[Path, typer.Option(help="Folder for the relabelled episodes.")],
    masks: Annotated[
        bool, typer.Option("--masks", help="Keep the pilot's labels; draw the target masks that recordings lack.")
    ] = False,
    renderer: Renderer = "auto",
    as_json: Json = False,
) -> None:
    """Write what today's expert would have flown, or where target and solids are, into episodes that somebody flew."""
    from training.masks import add_masks
    from training.relabel import relabel as run

    _answer(add_masks(episodes, out, renderer) if masks else run(episodes, out), as_json)


@app.command()
def train(
    episodes: Annotated[
        list[Path], typer.Argument(help="Folders of episodes; DIR=3 is drawn three times as often as DIR.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the policy.")] = Path("checkpoints/policy"),
    config: Annotated[Path | None, typer.Option(help="YAML with a 'train' section.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="Go on from this policy; skips stage one.")] = None,
    name: Annotated[str, typer.Option(help="Of the policy; its model's name when empty.")] = "",
    model: Annotated[str, typer.Option(help="What remembers; `liquid-nav models` lists them.")] = "",
    threads: Annotated[int | None, typer.Option(help="Of the arithmetic.", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Train a policy on episodes; goes on where it was interrupted. Logs for TensorBoard lie in OUT/work/logs."""
    from liquid_nav.policy.config import PolicyConfig
    from training.settings import CONFIGS, TrainSettings, load_settings
    from training.train import policy_name
    from training.train import train as run

    path = config or CONFIGS / "forest.yaml"
    settings = load_settings(path, "train", TrainSettings)
    settings = settings if threads is None else replace(settings, threads=threads)
    policy = load_settings(path, "policy", PolicyConfig)
    if model and start_from is not None:
        raise ConfigError(f"model {model!r} is given with a policy to start from: that policy has its own model")
    policy = replace(policy, model=model) if model else policy
    outcome = run(
        settings, episodes, out, name=name or policy_name(policy), policy=policy, start_from=start_from
    )
    facts = {
        "policy": str(outcome.policy),
        "images": outcome.steps,
        "validation_command_loss": round(outcome.validation_command, 4),
        "minutes": round(outcome.seconds / 60, 1),
        "share_waiting_for_batches": round(outcome.waiting_share, 3),
    }
    _answer(facts, as_json)


@app.command()
def average(
    policies: Annotated[list[Path], typer.Argument(help="Folders of two or more policies.")],
    out: Annotated[Path, typer.Option(help="Folder for the policy.")],
    name: Annotated[str, typer.Option(help="Of the policy.")] = "ncp_cfc_19",
) -> None:
    """Write the mean of the weights of policies, one of which was trained on from the other."""
    from training.average import average as run

    run(policies, out, name=name)
    typer.echo(f"policy: {out}")


@app.command()
def models(as_json: Json = False) -> None:
    """List the models that `train` and `compare` know, with their sizes."""
    from training.model_table import model_rows, models_table

    typer.echo(json.dumps(model_rows()) if as_json else models_table(model_rows()))


@app.command()
def compare(
    episodes: Annotated[list[Path], typer.Argument(help="Folders that `collect` wrote.")],
    eye: Annotated[Path, typer.Option(help="Policy whose encoder, frozen, all models share.")],
    out: Annotated[Path, typer.Option(help="Folder for everything.")] = Path("comparison"),
    config: Annotated[Path | None, typer.Option(help="YAML with a 'compare' section.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this one; repeat it for several.")] = None,
    trials: Annotated[int | None, typer.Option(help="Of the search, for each model.", min=1)] = None,
    seeds: Annotated[int | None, typer.Option(help="Trainings of each tuned model.", min=1)] = None,
    steps: Annotated[int | None, typer.Option(help="Of a final training; a trial has a quarter.", min=1)] = None,
    suite: Annotated[list[str] | None, typer.Option(help="To fly; repeat it for several.")] = None,
    flights: Annotated[int, typer.Option(help="Per condition and trained policy.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="The worlds derive from it.", min=0)] = 0,
    split: Annotated[str, typer.Option(help="validation, or test once everything is decided.")] = "validation",
    workers: Workers = 2,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Tune, train and fly liquid models and rivals behind one eye with equal budgets; goes on where it was killed."""
    from training.compare import compare as run
    from training.compare import comparison_table
    from training.settings import CONFIGS, CompareSettings, load_settings

    settings = load_settings(config or CONFIGS / "forest.yaml", "compare", CompareSettings)
    changes: dict[str, Any] = {"models": tuple(model or settings.models)}
    changes |= {} if trials is None else {"trials": trials}
    changes |= {} if seeds is None else {"seeds": seeds}
    changes |= {} if steps is None else {"steps": steps, "search_steps": max(1, steps // 4)}
    answer = run(
        replace(settings, **changes),
        episodes,
        eye,
        out,
        suites=tuple(suite or ("forest-unseen", "city-walking")),
        flights=flights,
        seed=seed,
        split=split,
        workers=workers,
        ray=ray,
    )
    typer.echo(json.dumps(answer) if as_json else comparison_table(answer))


@app.command()
def evaluate(
    suite: Annotated[
        str, typer.Option(help="smoke, forest, city, sites, worlds, stress, time, air, transfer, a condition.")
    ] = "smoke",
    episodes: Annotated[int, typer.Option(help="Flights per condition.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="The worlds derive from it.", min=0)] = 0,
    policy: Annotated[str, typer.Option(help="Folder of a policy; 'expert'; empty for the shipped one.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for results.")] = Path("results"),
    split: Annotated[str, typer.Option(help="test, or validation while a policy is being made.")] = "test",
    workers: Workers = 2,
    ray: Ray = None,
    keep_failures: Annotated[int, typer.Option(help="Write pictures of so many failed flights.", min=0, max=100)] = 0,
    baseline: Annotated[
        str, typer.Option(help="A pilot's recorded episodes (a folder, or human for data/teleop) instead of a suite.")
    ] = "",
    renderer: Renderer = "auto",
    foxglove: Foxglove = False,
    rerun: Rerun = False,
    save: Save = None,
    as_json: Json = False,
) -> None:
    """Fly a suite on unseen seeds, or the worlds that a pilot flew in; write results.json and results.md."""
    if baseline:
        from training.against_pilot import HUMAN, RECORDED, compare_with_pilot

        recorded = RECORDED if baseline == HUMAN else Path(baseline)
        compared = compare_with_pilot(recorded, out, Path(policy) if policy else None, renderer=renderer)
        typer.echo(json.dumps(compared) if as_json else (out / "results.md").read_text())
        return
    from training.evaluate import EXPERT
    from training.evaluate import evaluate as run
    from training.report import results_table
    from training.viewers import make_viewer

    expert = policy == EXPERT
    folder = None if expert or not policy else Path(policy)
    results = run(
        suite,
        episodes,
        seed,
        out,
        policy=folder,
        expert=expert,
        split=split,
        workers=workers,
        ray=ray,
        keep_failures=keep_failures,
        renderer=renderer,
        viewer=make_viewer(foxglove=foxglove, rerun=rerun, save=save),
    )
    typer.echo(json.dumps(results) if as_json else results_table(results))


@app.command()
def fly(
    world: Annotated[str, typer.Option(help="forest or city")] = "city",
    seed: Annotated[int, typer.Option(help="Of the world.", min=0)] = 2_000_001,
    option: Options = None,
    duration: Annotated[float, typer.Option(help="Seconds of a follow mission.", min=1.0, max=3600.0)] = 60.0,
    policy: Annotated[Path | None, typer.Option(help="Folder of a policy.")] = None,
    realtime: Annotated[float, typer.Option(help="Simulated per wall second, 0: no limit.", min=0.0)] = 1.0,
    camera: Annotated[str, typer.Option(help="A webcam, video or folder instead of a world.")] = "",
    camera_preset: Annotated[str, typer.Option(help="Of the simulated camera: clean, webcam, ...")] = "clean",
    conditions: Annotated[str, typer.Option(help="Of the flight: calm, breeze, gusts, ...")] = "calm",
    film: Annotated[bool, typer.Option(help="Make the MP4.")] = True,
    out: Annotated[Path, typer.Option(help="Folder for runs.")] = Path("runs"),
    renderer: Renderer = "auto",
    cockpit: Annotated[bool, typer.Option("--cockpit", help="Fly from a web page, until Ctrl-C.")] = False,
    episodes: Annotated[Path, typer.Option(help="Takes what the cockpit records.")] = Path("data/teleop"),
    host: Annotated[str, typer.Option(help="Of the cockpit; 0.0.0.0 for everyone on the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of the cockpit, 0 for a free one.", min=0, max=65535)] = 8765,
    look: Annotated[bool, typer.Option("--look", help="Let those without the cockpit's token look.")] = False,
    pilot: Annotated[str, typer.Option(help="Who flies from the cockpit, for its recordings.")] = "person",
    foxglove: Foxglove = False,
    rerun: Rerun = False,
    save: Save = None,
    as_json: Json = False,
) -> None:
    """Fly one mission through the ROS 2 graph and leave runs/latest/, or fly from a web page."""
    from training.cockpit import CockpitPlan, fly_from_cockpit
    from training.fly import FlightPlan, fly_camera
    from training.fly import fly as run
    from training.viewers import make_viewer

    options = _options(option)
    plan = FlightPlan(world, seed, options, camera_preset, conditions, duration, policy, realtime, renderer, film)
    viewer = make_viewer(foxglove=foxglove, rerun=rerun, save=save)
    if cockpit:
        if camera:
            raise ConfigError(f"--cockpit flies in a simulated world: leave --camera {camera!r} out")
        if viewer is not None:
            raise ConfigError("the cockpit records when told to: show it with `episodes view FILE.part --follow`")
        fly_from_cockpit(plan, CockpitPlan(episodes, host, port, look, pilot), out)
        return
    summary = fly_camera(camera, out, policy=policy, viewer=viewer) if camera else run(plan, out, viewer)
    shown = {key: value for key, value in summary.items() if key != "plan"}
    _answer(summary if as_json else shown, as_json)
    if not as_json:
        files = sorted(file.name for file in (out / "latest").iterdir() if file.is_file())
        typer.echo(f"{out / 'latest'}/: {' '.join(files)}")
    if not summary["success"]:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="ONNX file to write.")] = Path("policy.onnx"),
    policy: Annotated[Path | None, typer.Option(help="Folder of a policy.")] = None,
    as_json: Json = False,
) -> None:
    """Write a policy as ONNX and check it against the original."""
    from liquid_nav import load_policy
    from liquid_nav.policy.onnx_export import export_onnx

    difference = export_onnx(load_policy(policy), out)
    _answer({"file": str(out), "bytes": out.stat().st_size, "largest_difference": difference}, as_json)


@app.command()
def explain(
    source: Annotated[str, typer.Argument(help="An episode (.mcap), image folder or video.")],
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("attention.png"),
    policy: Annotated[Path | None, typer.Option(help="Folder of a policy.")] = None,
    pictures: Annotated[int, typer.Option(help="On the sheet.", min=1, max=60)] = 12,
) -> None:
    """Draw where a policy looks, moment by moment."""
    from training.contact_sheet import draw_attention_sheet

    count = draw_attention_sheet(source, out, policy, pictures)
    typer.echo(f"{out}: {count} moments")


@app.command(name="calibrate")
def calibrate_lens(
    source: Annotated[str, typer.Argument(help="Webcam number, URL, video or folder that shows a chessboard.")],
    board: Annotated[str, typer.Option(help="Inner corners of the chessboard.")] = "8x5",
    square: Annotated[float, typer.Option(help="Side of a square in metres.", min=0.001, max=1.0)] = 0.03,
    out: Annotated[Path, typer.Option(help="YAML file for the camera node.")] = Path("camera.yaml"),
    views: Annotated[int, typer.Option(help="Views of the board.", min=6, max=200)] = 20,
    name: Annotated[str, typer.Option(help="Of the camera.")] = "camera",
    as_json: Json = False,
) -> None:
    """Measure a camera's lens from a chessboard."""
    from training.calibrate import calibrate_camera

    lens = calibrate_camera(source, board, square, out, views, name)
    facts = {
        "file": str(out),
        "views": lens.views,
        "error_px": round(lens.error_px, 3),
        "horizontal_fov_rad": round(lens.horizontal_fov_rad, 4),
    }
    _answer(facts, as_json)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _options(pairs: list[str] | None) -> dict[str, Any]:
    """Read ``key=value`` pairs; values are YAML scalars."""
    import yaml

    options = {}
    for pair in pairs or []:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise ConfigError(f"option is {pair!r}: write it as name=value, such as season=winter")
        options[key] = yaml.safe_load(value)
    return options


def _answer(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(values))
        return
    for key, value in values.items():
        typer.echo(f"{key}: {value}")


def main() -> None:
    """Run the command; a user's mistake is one line and status 2."""
    try:
        app()
    except LiquidNavError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()

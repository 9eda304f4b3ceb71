"""The command ``liquid-nav``. Exit status: 0 done, 1 the mission or check failed, 2 bad usage or input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from liquid_nav import __version__
from liquid_nav.errors import ConfigError, LiquidNavError
from training import episodes_cli, learning_cli
from training.cli_options import (
    Foxglove,
    Json,
    Options,
    Ray,
    Renderer,
    Rerun,
    Save,
    Workers,
    print_answer,
    read_options,
)

app = typer.Typer(
    name="liquid-nav",
    help="A drone that learns in the woods and flies in the city, with 19 liquid neurons.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(learning_cli.app)
app.add_typer(episodes_cli.app, name="episodes")


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
        draw_some(world, range(seed, seed + count), read_options(option), out, renderer)
        print_answer({"file": str(out), "worlds": count}, as_json)
    elif option:
        raise ConfigError(f"option {option[0]!r} is given without a world: name one of {', '.join(WORLDS)}")
    else:
        options = {name: list(world_options(name)) for name in WORLDS}
        print_answer(options if as_json else {name: ", ".join(keys) for name, keys in options.items()}, as_json)


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
    keep_failures: Annotated[int, typer.Option(help="Pictures of so many failures.", min=0, max=100)] = 0,
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
    world: Annotated[str, typer.Option(help="As `liquid-nav worlds` lists them.")] = "city",
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

    options = read_options(option)
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
    print_answer(summary if as_json else shown, as_json)
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
    print_answer({"file": str(out), "bytes": out.stat().st_size, "largest_difference": difference}, as_json)


@app.command()
def explain(
    source: Annotated[str, typer.Argument(help="An episode (.mcap), image folder, video or camera.")],
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
    print_answer(facts, as_json)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command; a user's mistake, or a file that cannot be read or written, is one line and status 2."""
    try:
        app()
    except LiquidNavError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"error: {error}: choose another file or folder, or free some space", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()

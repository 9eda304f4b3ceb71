"""The commands ``liquid-nav episodes ...``: look at recordings, judge, cut, mend, import and export them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from liquid_nav.errors import EpisodeError

app = typer.Typer(help="Look at episodes, judge, cut, mend, import and export them.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Files = Annotated[list[Path], typer.Argument(help="Episodes (.mcap) or folders of them.")]
Episode = Annotated[Path, typer.Argument(help="An episode (.mcap).")]


@app.command("list")
def list_(paths: Files, as_json: Json = False) -> None:
    """List files, broken ones too, from their indexes alone."""
    from liquid_nav.data.summary import summarize_all

    rows = [summary.row() for summary in summarize_all(paths)]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@app.command()
def show(path: Episode, as_json: Json = False) -> None:
    """Show what one episode holds: its origin, topics, numbers and what is wrong with it."""
    from liquid_nav.data import open_episode
    from liquid_nav.data.quality import check as judge

    episode = open_episode(path, repair=True)
    quality = judge(episode)
    topics = {topic: len(entries) for topic, entries in sorted(episode.messages.items())}
    answer = {"file": str(path), "metadata": episode.metadata.to_text(), "topics": topics, **quality.as_dict()}
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for key, value in {**episode.metadata.to_text(), **quality.as_dict()}.items():
        if key != "findings" and value not in ("", None):
            typer.echo(f"{key}: {value}")
    typer.echo("topics: " + ", ".join(f"{topic} ({count})" for topic, count in topics.items()))
    for finding in quality.findings:
        typer.echo(f"{finding.name}: {finding.text}")


@app.command()
def check(paths: Files, as_json: Json = False) -> None:
    """Judge episodes: dropped images, gaps, saturated commands, a frozen camera, a target never seen; 1 if any."""
    from liquid_nav.data import open_episode
    from liquid_nav.data.quality import check as judge
    from liquid_nav.data.summary import episode_files

    files = episode_files(paths)
    answers: list[dict[str, Any]] = []
    for file in files:
        quality = judge(open_episode(file, repair=True))
        answers.append({"file": file.name, **quality.as_dict()})
        if not as_json:
            good = f"good, {quality.seconds:.1f} s, {quality.rate_hz:.0f} Hz, {quality.labelled:.0%} labelled"
            words = "; ".join(f"{finding.name}: {finding.text}" for finding in quality.findings)
            typer.echo(f"{file.name}: {words or good}")
    if as_json:
        typer.echo(json.dumps(answers))
    if any(answer["findings"] for answer in answers):
        raise typer.Exit(1)


@app.command()
def trim(
    path: Episode,
    out: Annotated[Path, typer.Argument(help="File to write (.mcap).")],
    start: Annotated[float, typer.Option(help="Seconds from its first message.", min=0.0)] = 0.0,
    end: Annotated[float, typer.Option(help="Seconds from its first message.", min=0.0)] = 1e9,
    as_json: Json = False,
) -> None:
    """Write a part of an episode as a file of its own."""
    from liquid_nav.data.edit import Part
    from liquid_nav.data.edit import trim as run

    _answer({"file": str(out), "messages": run(path, out, Part(start, end))}, as_json)


@app.command()
def split(
    path: Episode,
    out: Annotated[Path, typer.Argument(help="Folder for the parts.")],
    every: Annotated[float, typer.Option(help="Seconds of each part.", min=0.0)] = 0.0,
    at: Annotated[list[float] | None, typer.Option(help="Cut here, in seconds; repeat it for several.")] = None,
    gaps: Annotated[float, typer.Option(help="Cut where no image came for so many seconds.", min=0.0)] = 0.0,
    as_json: Json = False,
) -> None:
    """Write the parts of an episode as files of their own."""
    from liquid_nav.data.edit import parts_at_gaps, parts_between, parts_every
    from liquid_nav.data.edit import split as run

    if sum((every > 0.0, bool(at), gaps > 0.0)) != 1:
        raise EpisodeError("where to cut is not clear: give one of --every, --at or --gaps")
    parts = parts_every(path, every) if every else parts_between(path, at) if at else parts_at_gaps(path, gaps)
    files = [str(file) for file in run(path, out, parts)]
    typer.echo(json.dumps(files) if as_json else "\n".join(files))


@app.command()
def repair(paths: Files, as_json: Json = False) -> None:
    """Mend files that a crash or an empty battery left; whole and mended ones are passed over, damaged ones stay.

    All files are tried; the exit status is 2 when one could not be mended.
    """
    from liquid_nav.data.salvage import mended_name
    from liquid_nav.data.salvage import repair as mend
    from liquid_nav.data.summary import DAMAGED, WHOLE, summarize_all

    answers: list[dict[str, Any]] = []
    for summary in summarize_all(paths):
        if summary.state == WHOLE or (summary.state == DAMAGED and mended_name(summary.path).exists()):
            continue
        try:
            done = mend(summary.path)
        except EpisodeError as error:
            answers.append({"file": summary.path.name, "error": str(error)})
            continue
        answers.append({
            "file": summary.path.name, "mended": str(done.path), "messages": done.messages,
            "seconds": round(done.seconds, 2), "lost_bytes": done.damage.lost_bytes, "reason": done.damage.reason,
        })  # fmt: skip
    if as_json:
        typer.echo(json.dumps(answers))
    else:
        for answer in answers:
            typer.echo("  ".join(f"{key} {value}" for key, value in answer.items()), err="error" in answer)
        if not answers:
            typer.echo("every file is whole or mended")
    if any("error" in answer for answer in answers):
        raise typer.Exit(2)


@app.command()
def sheet(
    paths: Files,
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("episodes.png"),
    moments: Annotated[int, typer.Option(help="Of each episode.", min=1, max=12)] = 6,
    as_json: Json = False,
) -> None:
    """Draw some moments of each episode side by side."""
    from liquid_nav.data.summary import episode_files
    from training.episode_sheet import draw_sheet

    _answer({"file": str(out), "episodes": draw_sheet(episode_files(paths), out, moments)}, as_json)


@app.command()
def card(
    paths: Files,
    out: Annotated[Path, typer.Option(help="Folder for CARD.md and its plots.")] = Path("card"),
    name: Annotated[str, typer.Option(help="Of the data set.")] = "Episodes",
    as_json: Json = False,
) -> None:
    """Write the card of a data set: statistics, plots, what checks found."""
    from liquid_nav.data.summary import episode_files
    from training.dataset_card import write_card

    _answer({"file": str(write_card(episode_files(paths), out, name))}, as_json)


@app.command("import")
def import_(
    bag: Annotated[Path, typer.Argument(help="A rosbag2 folder, an .mcap, .db3 or .bag file.")],
    topics: Annotated[Path | None, typer.Option(help="Topic map (YAML); none lists the topics.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the episodes.")] = Path("data/imported"),
    as_json: Json = False,
) -> None:
    """Make episodes of a bag of somebody else's drone."""
    from liquid_nav.data.importing import UNUSED, bag_topics, import_bag
    from liquid_nav.data.topic_map import load_topic_map

    if topics is None:
        _answer(bag_topics(bag), as_json)
        return
    done = import_bag(bag, load_topic_map(topics), out)
    if as_json:
        typer.echo(json.dumps([
            {"file": str(each.path), "steps": each.steps, "labelled": each.labelled, "left_out": each.left_out}
            for each in done
        ]))  # fmt: skip
        return
    for each in done:
        typer.echo(f"{each.path}: {each.steps} steps, {each.labelled} with a label")
    if done[0].left_out:
        typer.echo(f"{UNUSED}: {done[0].left_out}")


@app.command()
def export(
    paths: Files,
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    kind: Annotated[str, typer.Option("--format", help="lerobot (v3.0) or folder (images and CSV).")] = "lerobot",
    task: Annotated[str, typer.Option(help="One sentence, for lerobot.")] = "Fly to the red backpack.",
    fps: Annotated[int, typer.Option(help="Images per second, for lerobot.", min=1, max=120)] = 20,
    size: Annotated[str, typer.Option(help="Of the images, WIDTHxHEIGHT.")] = "256x144",
    as_json: Json = False,
) -> None:
    """Write episodes for other programs."""
    from liquid_nav.data.exporting import export_folder
    from liquid_nav.data.lerobot import export_lerobot
    from liquid_nav.data.summary import episode_files

    size_px, files = _size_px(size), episode_files(paths)
    if kind == "lerobot":
        counts = export_lerobot(files, out, task=task, fps=fps, size_px=size_px)
    elif kind == "folder":
        counts = export_folder(files, out, size_px=size_px)
    else:
        raise EpisodeError(f"format is {kind!r}: use lerobot or folder")
    _answer({"folder": str(out), **counts}, as_json)


@app.command()
def teleop(
    out: Annotated[Path, typer.Option(help="Folder for the episodes.")] = Path("data/teleop"),
    episodes: Annotated[int, typer.Option(help="Flights.", min=1, max=10_000)] = 20,
    seed: Annotated[int, typer.Option(help="The forests and the persons derive from it.", min=0)] = 0,
    policy: Annotated[Path | None, typer.Option(help="Let this policy fly; the person watches and corrects.")] = None,
    session: Annotated[
        float, typer.Option(help="Seconds of each episode, approach after approach; 0 for one approach.", min=0.0)
    ] = 0.0,
    expert: Annotated[bool, typer.Option("--expert", help="The expert flies the same ways, to compare with.")] = False,
    workers: Annotated[int, typer.Option(help="Processes.", min=1, max=64)] = 1,
    as_json: Json = False,
) -> None:
    """Let a scripted person with a gamepad fly to the backpack in forests of the training split."""
    from training.teleop_collect import collect_teleop

    counts = collect_teleop(
        out, episodes, seed=seed, policy=policy, session_s=session, expert=expert, workers=workers
    )
    _answer(counts, as_json)


@app.command()
def view(
    path: Annotated[Path, typer.Argument(help="A recording: .mcap, or the .mcap.part of one that runs.")],
    foxglove: Annotated[bool, typer.Option("--foxglove", help="Serve it on ws://127.0.0.1:8766.")] = False,
    rerun: Annotated[bool, typer.Option("--rerun", help="Open it in rerun.")] = False,
    save: Annotated[Path | None, typer.Option(help="With --rerun: write this .rrd file instead.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is recorded while it is shown.")] = False,
    speed: Annotated[float, typer.Option(help="Recorded seconds per second, 0 for no limit.", min=0.0)] = 1.0,
) -> None:
    """Show a recording in Foxglove or rerun, also while it is being made."""
    from training.live_view import view as run
    from training.viewers import make_viewer

    viewer = make_viewer(foxglove=foxglove, rerun=rerun, save=save)
    if viewer is None:
        raise EpisodeError("where to show it is not clear: give --foxglove or --rerun")
    try:
        typer.echo(f"{run(path, viewer, follow=follow, speed=speed)} messages")
    finally:
        viewer.close()


def _size_px(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not all(side.isdecimal() and len(side) < 10 for side in (width, height)):
        raise EpisodeError(f"size is {text!r}: write it as WIDTHxHEIGHT, such as 256x144")
    return int(width), int(height)


def _answer(values: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(values) if as_json else "\n".join(f"{key}: {value}" for key, value in values.items()))

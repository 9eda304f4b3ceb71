"""The commands of ``liquid-nav`` that learn: collect and relabel episodes, train, average, sweep and compare."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from liquid_nav.errors import ConfigError
from training.cli_options import Json, Ray, Renderer, Workers, print_answer

app = typer.Typer()


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
    print_answer(run(settings, out, episodes, workers=workers, policy=policy, ray=ray), as_json)


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

    print_answer(add_masks(episodes, out, renderer) if masks else run(episodes, out), as_json)


@app.command()
def train(
    episodes: Annotated[
        list[Path], typer.Argument(help="Folders of episodes; DIR=3 is drawn three times as often as DIR.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the policy.")] = Path("checkpoints/policy"),
    config: Annotated[Path | None, typer.Option(help="YAML with a 'train' section, or 'head' for --eye.")] = None,
    start_from: Annotated[
        Path | None, typer.Option(help="Go on from this policy; skips stage one unless it gets a context.")
    ] = None,
    eye: Annotated[
        Path | None, typer.Option(help="Leave this policy's eye as it is and train a fresh head behind it, in minutes.")
    ] = None,
    name: Annotated[str, typer.Option(help="Of the policy; its model's name when empty.")] = "",
    model: Annotated[str, typer.Option(help="What remembers; `liquid-nav models` lists them.")] = "",
    threads: Annotated[int | None, typer.Option(help="Of the arithmetic.", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Train a policy on episodes; goes on where it was interrupted. Logs for TensorBoard lie in OUT/work/logs."""
    from liquid_nav.policy.config import PolicyConfig
    from training.head import train_head
    from training.settings import CONFIGS, HeadSettings, TrainSettings, load_settings
    from training.train import train as run

    path = config or CONFIGS / "forest.yaml"
    if eye is not None and start_from is not None:
        raise ConfigError(f"--eye {eye} and --start-from {start_from}: an eye is kept, a start is trained on; use one")
    if eye is not None:
        head = load_settings(path, "head", HeadSettings)
        head = head if threads is None else replace(head, threads=threads)
        outcome = train_head(head, episodes, eye, out, name=name, model=model)
    else:
        settings = load_settings(path, "train", TrainSettings)
        settings = settings if threads is None else replace(settings, threads=threads)
        policy = load_settings(path, "policy", PolicyConfig)
        if model and start_from is not None:
            raise ConfigError(f"model {model!r} is given with a policy to start from: that policy has its own model")
        policy = replace(policy, model=model) if model else policy
        outcome = run(settings, episodes, out, name=name, policy=policy, start_from=start_from)
    facts = {
        "policy": str(outcome.policy),
        "images": outcome.steps,
        "validation_command_loss": round(outcome.validation_command, 4),
        "minutes": round(outcome.seconds / 60, 1),
        "share_waiting_for_batches": round(outcome.waiting_share, 3),
    }
    print_answer(facts, as_json)


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
def sweep(
    episodes: Annotated[list[Path], typer.Argument(help="Folders that `collect` wrote.")],
    eye: Annotated[Path, typer.Option(help="Policy whose eye looks and stays as it is.")],
    out: Annotated[Path, typer.Option(help="Folder for everything.")] = Path("sweep"),
    config: Annotated[Path | None, typer.Option(help="YAML with a 'sweep' and a 'head' section.")] = None,
    model: Annotated[str, typer.Option(help="What remembers; the eye's own when empty.")] = "",
    trials: Annotated[int | None, typer.Option(help="Draws.", min=1)] = None,
    workers: Workers = 2,
    ray: Annotated[str, typer.Option(help="A Ray cluster: host:port, or auto.")] = "auto",
    as_json: Json = False,
) -> None:
    """Search for the settings of a head with Ray Tune; goes on where it was killed. OUT/head.yaml has the best."""
    from training.settings import CONFIGS, HeadSettings, SweepSettings, load_settings
    from training.sweep import HEAD_FILE, sweep_table
    from training.sweep import sweep as run

    path = config or CONFIGS / "forest.yaml"
    settings, head = load_settings(path, "sweep", SweepSettings), load_settings(path, "head", HeadSettings)
    settings = settings if trials is None else replace(settings, trials=trials)
    runs = run(settings, head, episodes, eye, out, model=model, workers=workers, ray=ray)
    best = {"settings": str(out / HEAD_FILE), "loss": round(runs[0].loss, 4), **runs[0].drawn}
    if as_json:
        print_answer(best, as_json)
    else:
        typer.echo(sweep_table(runs))

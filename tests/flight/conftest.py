"""Benches that are taken down after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.flight.bench import FAKES, Bench


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    """Make a bench that is closed after the test."""
    made: list[Bench] = []

    def make(*arguments: object, **options: object) -> Bench:
        made.append(Bench(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture(params=sorted(FAKES))
def bench(request: pytest.FixtureRequest, make_bench: Callable[..., Bench]) -> Bench:
    """A safe vehicle of each kind, ready to fly."""
    return make_bench(FAKES[request.param]())

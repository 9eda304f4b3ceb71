"""What counts in the losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.small_data import small_cache
from training.batches import BatchMaker
from training.losses import COMMAND_UNITS, COMMAND_WEIGHTS, command_loss
from training.settings import TrainSettings


def test_a_command_costs_as_much_as_its_weight_says_and_nothing_where_nobody_labelled_it() -> None:
    cache = small_cache()
    maker = BatchMaker(cache, TrainSettings(sequence_steps=4), np.arange(2), augment=False)
    batch = maker.sequences(np.random.default_rng(0), np.array([0]), 4)
    flown = batch.commands.clone()
    flown[0, 1, 0] += 1.0
    flown[0, 2, 0] += 1.0
    both = command_loss(flown, batch, only_visible=False)
    use = torch.tensor([[True, True, False, True]])
    one = command_loss(flown, replace(batch, use_command=use, weight=torch.ones(1, 4)), only_visible=False)
    heavy = command_loss(
        flown, replace(batch, use_command=use, weight=torch.tensor([[1.0, 3.0, 1.0, 1.0]])), only_visible=False
    )
    assert float(heavy) == pytest.approx(1.8 * float(one))
    assert float(both) > 0.0 == float(command_loss(batch.commands, batch, only_visible=False))


@pytest.mark.parametrize("component", range(4))
def test_each_component_of_a_command_counts_by_its_weight(component: int) -> None:
    maker = BatchMaker(small_cache(), TrainSettings(sequence_steps=4), np.arange(2), augment=False)
    batch = replace(maker.sequences(np.random.default_rng(0), np.array([0]), 4), weight=torch.ones(1, 4))
    flown = batch.commands.clone()
    flown[..., component] += COMMAND_UNITS[component]
    assert float(command_loss(flown, batch, only_visible=False)) == pytest.approx(COMMAND_WEIGHTS[component] / 8)

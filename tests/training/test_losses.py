"""What counts in the losses."""

from __future__ import annotations

import torch

from training.losses import seen_lately


def test_a_target_is_remembered_for_two_seconds() -> None:
    visible = torch.tensor([[False, True, False, False, True], [False, False, False, False, False]])
    elapsed_s = torch.tensor([[0.1, 0.1, 1.9, 0.2, 0.1]] * 2)
    assert seen_lately(visible, elapsed_s).tolist() == [[False, True, True, False, True], [False] * 5]

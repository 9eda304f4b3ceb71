"""Simulated worlds for the policy: forests to learn in, cities to be tested in. Importing registers Gymnasium ids."""

from __future__ import annotations

from sim_worlds.envs import register as _register
from sim_worlds.vector import make_vector_env

__all__ = ["make_vector_env"]

_register()

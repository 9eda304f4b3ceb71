"""Simulated worlds for the policy: forests to learn in, cities to be tested in. Importing registers Gymnasium ids."""

from __future__ import annotations

from sim_worlds.envs import register as _register

_register()

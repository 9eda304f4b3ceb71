"""Many environments at once, each in a process of its own."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.vector import AsyncVectorEnv

from liquid_nav.errors import WorldError

CONTEXTS = ("spawn", "forkserver")
BROKEN_PIPE = (EOFError, BrokenPipeError, ConnectionResetError)


class WorkerEnvs(AsyncVectorEnv):
    """Gymnasium's batch of processes, which says so when one of them has died."""

    def reset_async(self, *args: Any, **kwargs: Any) -> None:
        """Send the request to start anew."""
        self._guarded(super().reset_async, *args, **kwargs)

    def reset_wait(self, *args: Any, **kwargs: Any) -> Any:
        """Return the first observations and infos."""
        return self._guarded(super().reset_wait, *args, **kwargs)

    def step_async(self, *args: Any, **kwargs: Any) -> None:
        """Send one action to each environment."""
        self._guarded(super().step_async, *args, **kwargs)

    def step_wait(self, *args: Any, **kwargs: Any) -> Any:
        """Return what came of the actions."""
        return self._guarded(super().step_wait, *args, **kwargs)

    def _guarded(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except BROKEN_PIPE as error:
            for process in self.processes:
                process.join(0.2)
            dead = [
                f"worker {index} (exit code {process.exitcode})"
                for index, process in enumerate(self.processes)
                if not process.is_alive()
            ]
            self.close(terminate=True)
            raise WorldError(
                f"{', '.join(dead) or 'a worker'} of {self.num_envs} died: look for its own message above, "
                "or for a lack of memory; then make the environments anew"
            ) from error


def make_vector_env(name: str, num_envs: int, *, context: str = "spawn", **options: Any) -> WorkerEnvs:
    """Return ``num_envs`` environments in as many processes, images in shared memory.

    A script that calls this needs the usual ``if __name__ == "__main__":``, as workers import it.

    Args:
        name: a Gymnasium id, such as ``"LiquidNav/FlyToTarget-v0"``.
        num_envs: how many.
        context: ``"spawn"`` or ``"forkserver"``; a plain fork would inherit OpenGL's dead threads.
        options: of the environment, the same for all; see :class:`sim_worlds.envs.TargetEnv`.

    Raises:
        WorldError: for a number below 1, an unknown context, or options that the environment refuses.
    """
    if num_envs < 1:
        raise WorldError(f"num_envs is {num_envs}: use 1 or more")
    if context not in CONTEXTS:
        raise WorldError(f"context is {context!r}: use one of {', '.join(CONTEXTS)}")
    if name not in gymnasium.registry:
        known = ", ".join(key for key in gymnasium.registry if key.startswith("LiquidNav/"))
        raise WorldError(f"environment is {name!r}: use one of {known}")
    spec = gymnasium.spec(name)
    return WorkerEnvs([_Maker(spec, options)] * num_envs, shared_memory=True, context=context)


class _Maker:
    """Makes one environment in a process that has imported nothing yet."""

    def __init__(self, spec: Any, options: dict[str, Any]) -> None:
        self._spec = spec
        self._options = options

    def __call__(self) -> gymnasium.Env[Any, Any]:
        return gymnasium.make(self._spec, **self._options)

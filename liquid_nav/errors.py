"""The errors this project raises. Each message names what was wrong, the value seen and the cure."""


class LiquidNavError(Exception):
    """Base of every error a user of this project can meet; its text is one line with a cure."""


class ConfigError(LiquidNavError):
    """A configuration value is unknown, missing or out of range."""


class PolicyError(LiquidNavError):
    """A policy folder is missing, truncated, foreign or does not fit the images it is given."""


class EpisodeError(LiquidNavError):
    """An episode file cannot be read or does not hold what an episode must hold."""


class WorldError(LiquidNavError):
    """A world cannot be built from the given name, seed or options."""


class RenderError(LiquidNavError):
    """No renderer could be started, or one failed while drawing."""


class TrainingError(LiquidNavError):
    """A training ran away: its loss is no number any more."""


class WorkerError(LiquidNavError):
    """The processes that were to do the work cannot be started or keep dying."""

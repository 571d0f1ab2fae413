"""The engines of an exploration, by the names that the command line has for them."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """What explores."""

    AUTO = "auto"
    PYTHON = "python"
    C = "c"

"""Bounds of an exploration, where nobody says otherwise."""

from __future__ import annotations

from typing import Final

#: Memory for the states that generated C explores, in mebibytes.
MEBIBYTES: Final = 4096

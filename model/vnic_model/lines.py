"""Lines of text with a role. They know nothing of the machine, so that what prints without a trace starts without it."""

from __future__ import annotations

from typing import NamedTuple

#: Columns of everything that is printed.
WIDTH = 100


class Line(NamedTuple):
    """One line and what it is: verdict, bad, head, step, fault, element, change, proof, point or plain."""

    text: str
    role: str = "plain"

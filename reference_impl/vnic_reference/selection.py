"""Who is chosen among servers that may be chosen (SEL-4, SEL-5, FOV-5)."""

from __future__ import annotations

from collections.abc import Sequence

from vnic_reference.servers import Server


def best(candidates: Sequence[Server], tie_break: str, turn: int) -> Server | None:
    """The server of highest priority; among equals the one that ``tie_break`` prefers; None of nobody.

    ``turn`` is used for ``any`` only. Any answer would do there; the choice moves on with each turn, so that a checker
    that silently expects one order is found out.
    """
    if not candidates:
        return None
    top = min(server.priority for server in candidates)
    equals = sorted((server for server in candidates if server.priority == top), key=lambda server: server.age)
    if tie_break == "newest":
        return equals[-1]
    if tie_break == "port":
        return min(equals, key=lambda server: server.port)
    if tie_break == "any":
        return equals[turn % len(equals)]
    return equals[0]


def is_beaten(selected: Server, candidates: Sequence[Server]) -> bool:
    """Whether a candidate is strictly better; an equal one does not preempt (SEL-5)."""
    return any(server.priority < selected.priority for server in candidates)

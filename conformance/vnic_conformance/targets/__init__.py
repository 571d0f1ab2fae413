"""Implementations under test, behind their adapters: how the kit starts them, asks them, and survives them.

:func:`open_target` is the way in; what comes back is a :class:`Target` that has greeted. Whatever an adapter does,
every wait ends, and every way to be broken has its own subclass of :class:`AdapterBroken`.
"""

from __future__ import annotations

from vnic_conformance.targets.base import WAIT_S, Link, Log, Target
from vnic_conformance.targets.failures import AdapterBroken, SpecError
from vnic_conformance.targets.in_process import InProcessLink
from vnic_conformance.targets.process import ProcessLink, words_of
from vnic_conformance.targets.sockets import SocketLink

__all__ = [
    "MAX_TIME_SCALE",
    "WAIT_S",
    "AdapterBroken",
    "Link",
    "Log",
    "SpecError",
    "Target",
    "is_command",
    "link_to",
    "open_target",
]

#: Largest factor on every wait.
MAX_TIME_SCALE = 1_000


def is_command(spec: str) -> bool:
    """``spec`` is a command line: each time that it is opened a new process begins."""
    kind, colon, _ = spec.partition(":")
    return not (colon and kind in ("tcp", "unix", "python"))


def link_to(spec: str, *, time_scale: float = 1.0) -> Link:
    """Start or connect to what ``spec`` names; see :func:`open_target`."""
    if is_command(spec):
        return ProcessLink(words_of(spec))
    kind, _, rest = spec.partition(":")
    wait_s = WAIT_S["hello"] * time_scale
    if kind == "tcp":
        return SocketLink.tcp(rest, wait_s)
    if kind == "unix":
        return SocketLink.unix(rest, wait_s)
    return InProcessLink.to(rest, wait_s)


def open_target(spec: str, *, time_scale: float = 1.0, log: Log | None = None) -> Target:
    """Open an implementation under test and exchange greetings.

    Args:
        spec: a command line, which is started without a shell; or ``tcp:host:port`` (this machine only),
            ``unix:path``, ``python:module:factory``.
        time_scale: factor on every wait, above 0 and at most :data:`MAX_TIME_SCALE`; 1 is meant for an adapter on an idle
            machine.
        log: told of every message, before it is sent and when it has come.

    Raises:
        SpecError: the form of ``spec`` is wrong, or it names another machine.
        AdapterBroken: it cannot be started, or does not greet as the protocol asks.
        ValueError: ``time_scale`` is not such a number.
    """
    if not 0 < time_scale <= MAX_TIME_SCALE:
        raise ValueError(f"the time scale must be above 0 and at most {MAX_TIME_SCALE}, not {time_scale}")
    return Target(link_to(spec, time_scale=time_scale), time_scale=time_scale, log=log)

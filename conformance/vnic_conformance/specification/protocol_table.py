"""The calls of ``apply`` as a table of the protocol's page, written out of :mod:`vnic_conformance.interface`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from vnic_conformance.interface import OPERATIONS, PARTITION, Argument, Operation
from vnic_conformance.specification.markdown import table

HEAD = ("who", "`call` and arguments", "results")


def calls() -> Iterator[str]:
    """The table and a blank line: calls that follow each other and answer the same stand in one row."""
    last = ""
    rows = []
    for (who, answers), group in groupby(_each(), key=lambda o: (_who(o), _answers(o))):
        rows.append(("" if who == last else who, _described(tuple(group)), answers))
        last = who
    yield from table(HEAD, rows)


def _each() -> Iterator[Operation]:
    """Every call once, H_VIOCTL as one of them."""
    return iter({(o.caller, o.call): o for o in OPERATIONS}.values())


def _who(o: Operation) -> str:
    if o.caller != PARTITION:
        return o.caller
    return "servers" if o.call.startswith("dma_") else "client, servers"


def _answers(o: Operation) -> str:
    return o.answers or ", ".join(f"`{result.name}`" for result in o.results)


def _described(group: tuple[Operation, ...]) -> str:
    """The calls, and after those that are to be told alike what is to be done."""
    parts = []
    for told, alike in groupby(group, key=lambda o: o.told):
        parts.append(", ".join(map(_call, alike)) + (f": {told}" if told else ""))
    return "; ".join(parts)


def _call(o: Operation) -> str:
    """A call with its arguments; those that may be absent in brackets. Every unit is one feature, which has its own table."""
    said = [f"`{o.call}`"]
    for optional, group in groupby((a for a in o.arguments if a.name != "unit"), key=lambda a: a.optional):
        words = " ".join(map(_argument, group))
        said.append(f"[{words}]" if optional else words)
    return " ".join(said)


def _argument(a: Argument) -> str:
    return f"`{a.name}`{f' ({a.words})' if a.words else ''}"

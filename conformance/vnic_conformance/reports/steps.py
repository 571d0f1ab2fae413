"""An episode that was judged again, drawn: in lanes where elements can be followed, else as one line a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vnic_conformance.episode import HYPERVISOR, Setting
from vnic_conformance.reports.client_lanes import client_lanes
from vnic_conformance.reports.lanes import legend, lines_of_steps, shown_step, shown_steps
from vnic_conformance.running.episode import Retraced
from vnic_conformance.running.role import role_named
from vnic_model.lines import Line


def drawn(
    retraced: Sequence[Retraced],
    setting: Setting,
    mark: Callable[[int], str] = lambda _: "",
    between: Sequence[Line] = (),
) -> Iterator[Line]:
    """The steps, and a legend where there is one to give.

    Args:
        retraced: the steps, the reset first.
        setting: what they were judged by.
        mark: what stands beside the step of a number.
        between: what comes before the legend.
    """
    if setting.role == HYPERVISOR:
        steps = shown_steps(retraced)
        lines, lanes = lines_of_steps(steps, mark=lambda step: mark(step.number))
        yield from (*lines, *between, Line(""), *legend(steps, lanes))
        return
    servers = f"{setting.servers} server{'' if setting.servers == 1 else 's'}"
    limits = (f"{name} {value}" for name, value in setting.limits.items())
    yield Line(f"{'step':>4}  reset with {', '.join((servers, *limits))}", "head")
    yield from steps_alone(retraced[1:], setting, mark)
    yield from between


def steps_alone(
    retraced: Sequence[Retraced], setting: Setting, mark: Callable[[int], str] = lambda _: ""
) -> Iterator[Line]:
    """Some steps, without the reset and without a legend."""
    if setting.role == HYPERVISOR:
        yield from lines_of_steps([shown_step(step) for step in retraced], mark=lambda step: mark(step.number))[0]
        return
    phrase = role_named(setting.role).phrase
    for step in retraced:
        given = step.judgement.stimulus
        yield Line(f"{step.number:>4}{mark(step.number):<2}{given.who:<12}{phrase(given)}")
        if setting.role == "client":
            yield from client_lanes(step.judgement.came)

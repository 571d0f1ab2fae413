"""The chapter of example runs, carried out by the machine."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.specification.contents import place
from vnic_conformance.specification.markdown import code, paragraph
from vnic_model.example_runs import RUNS, SERVERS, trace_of_run
from vnic_model.trace_text import text_of


def runs() -> Iterator[str]:
    """The chapter."""
    yield from paragraph(
        f"Carried out by the machine, with {SERVERS} servers and the default profile; the last three begin where the client is "
        "logged in. Each partner has a lane; an arrow is an element that is put on a queue; below a step stands what it changed "
        f"({place('State')}). `!` marks an intervention."
    )
    for run in RUNS:
        yield f"### {run.title}"
        yield ""
        yield from paragraph(run.sentence)
        yield from code(text_of(trace_of_run(run), compact=True).splitlines())

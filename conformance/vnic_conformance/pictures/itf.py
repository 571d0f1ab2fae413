"""A story as a trace in ITF, the JSON that Apalache and Quint exchange.

Source: "ADR015: Informal Trace Format in JSON" of Apalache. A state is what is known after a step; state 0 is the reset.
"""

from __future__ import annotations

from vnic_conformance.foreign import json_text
from vnic_conformance.pictures.story import Step, Story

VARIABLES = ("step", "lane", "words", "fault", "wrong", "elements", "changes")


def itf(story: Story) -> str:
    """The document."""
    states = [_state(0, Step(0, 0, "", "reset", False, False)), *(_state(step.number, step) for step in story.steps)]
    plain = {
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "description": f"{story.title}: {story.sentence}",
            "requirement": story.requirement,
        },
        "vars": list(VARIABLES),
        "states": states,
    }
    return json_text(plain) + "\n"


def _state(index: int, step: Step) -> dict[str, object]:
    return {
        "#meta": {"index": index},
        "step": {"#bigint": str(step.number)},
        "lane": step.lane,
        "words": step.words,
        "fault": step.fault,
        "wrong": step.wrong,
        "elements": [
            {"deed": e.deed, "sender": e.sender, "receiver": e.receiver, "name": e.name, "bytes": e.bytes}
            for e in step.elements
        ],
        "changes": list(step.changes),
    }

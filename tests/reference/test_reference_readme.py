"""The example in the chapter's README runs and does what its comments say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vnic_spec.vocabulary import Status
from vnic_spec.wire import Event, event_element

README = Path(__file__).parents[2] / "reference_impl" / "README.md"


def test_example() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, str(README), "exec"), names)  # noqa: S102 - our own documentation
    machine = names["machine"]
    assert machine.client.elements() == [event_element(Event.DEVICE_FAILOVER)]
    assert [row.status for row in machine.console.listing().servers] == [Status.UNRESPONSIVE] * 2


def test_every_module_is_in_the_map() -> None:
    text = README.read_text(encoding="utf-8")
    for module in (README.parent / "vnic_reference").glob("*.py"):
        assert module.stem == "__init__" or f"`{module.stem}`" in text, module.name

"""The scenario that the README of the reference shows is one."""

from __future__ import annotations

import re
from pathlib import Path

from vnic_reference.system.loading import load
from vnic_reference.system.scenario import ACTIONS
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System

README = (Path(__file__).parents[2] / "reference_impl" / "README.md").read_text(encoding="utf-8")


def test_it_runs_and_every_action_is_named() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    system = System(load(text), standard_parts())
    system.run()
    assert system.machine.console.listing().selected == 1
    assert all(re.search(rf"\b{name}\b", text) for name in ACTIONS)

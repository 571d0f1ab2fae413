"""The order of the actions does not depend on who imported what first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vnic_spec.catalogue import ACTIONS, CHAPTERS


@pytest.mark.parametrize("first", ["dialogue", "administration", "monitoring", "session", "transport", "rule"])
def test_actions_are_in_reading_order_whatever_is_imported_first(first: str) -> None:
    program = f"import vnic_spec.{first}; from vnic_spec.catalogue import ACTIONS; print(*ACTIONS)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == list(ACTIONS)


def test_chapters_follow_one_another() -> None:
    modules = list(dict.fromkeys(action.module for action in ACTIONS.values()))
    assert modules == [chapter.__name__ for chapter in CHAPTERS]

"""Pairs of injections, chosen by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from vnic_conformance.client_role.injection import EVENTS
from vnic_conformance.client_role.stories import ABOUT, played
from vnic_conformance.client_role.words import feature_of
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.session import Session

#: The last call in which an event may happen; procedures with fewer calls are over then.
LAST_CALL = 150


class _EnoughError(Exception):
    """A violation was found, or the adapter broke."""


def hunt(make: Callable[[], Session[Any]], hello: Hello, programs: int, number: int) -> None:
    """Play so many pairs, up to the first violation.

    Args:
        make: begins a session.
        hello: what the client says of itself.
        programs: how many pairs.
        number: the seed.

    Raises:
        Exception: what the target raised when the adapter broke.
    """
    trouble: list[BaseException] = []
    injections = st.tuples(st.integers(1, LAST_CALL), st.sampled_from(list(EVENTS)))

    @seed(number)
    @settings(
        max_examples=programs,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(procedure=st.sampled_from(list(ABOUT)), first=injections, second=injections)
    def program(procedure: str, first: tuple[int, str], second: tuple[int, str]) -> None:
        word = played(procedure, hello.client.recovery_ms, first, second)
        if any((feature_of(each) or "frames") not in {*hello.features, "frames"} for each in word):
            return
        try:
            failure = make().play(word)
        except BaseException as error:
            trouble.append(error)
            raise _EnoughError from None
        if failure is not None:
            raise _EnoughError

    try:
        program()
    except _EnoughError:
        if trouble:
            raise trouble[0] from None

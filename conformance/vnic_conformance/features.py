"""Which feature of the adapter a stimulus needs, as :mod:`vnic_conformance.interface` has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vnic_conformance.interface import FEATURE_OF
from vnic_conformance.stimulus import Stimulus

#: The feature that an implementation has to claim before a stimulus may be asked of it; None: it is no choice.
feature_of: Callable[[Stimulus], str | None] = partial(Stimulus.feature, table=FEATURE_OF)

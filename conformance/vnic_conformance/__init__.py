"""The conformance kit: adapters, oracle, generated tests, verdicts, reports and the command ``vnickit``.

It meets an implementation only at its interface, and judges it by the readings in :mod:`vnic_model`.
"""

from __future__ import annotations

"""The adapter protocol 1.0: messages, their JSON Schema, and the rules that a reply keeps towards its request.

No input or output happens here; :mod:`vnic_conformance.targets` carries the messages.
"""

from __future__ import annotations

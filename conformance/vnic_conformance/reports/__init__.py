"""What a run says to people and to other programs: text, JUnit, JSON. Reports read the log of a run, never an implementation."""

from __future__ import annotations

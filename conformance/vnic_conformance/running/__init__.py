"""Running a check: what there is to check, the engine that does it, what was exercised, and the log of the run."""

from __future__ import annotations

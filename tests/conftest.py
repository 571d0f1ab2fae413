"""Settings shared by every test."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a slow machine is not a fault. Derandomised: the same checkout gives the same verdict; searching with
# fresh randomness is what `vnickit check` is for.
settings.register_profile("kit", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("kit")

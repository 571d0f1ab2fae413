"""What can go wrong with a Linux guest, by whose fault."""

from __future__ import annotations


class LinuxError(Exception):
    """Something about kernels or guests went wrong; the message says what was expected, what came, and what to do."""


class BuildError(LinuxError):
    """A kernel cannot be built: the machine lacks something, or the driver does not compile."""


class GuestError(LinuxError):
    """A guest did not start, or was asked for what it cannot do now."""

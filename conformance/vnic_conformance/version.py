"""The version of the kit, as it is installed."""

from __future__ import annotations


def kit_version() -> str:
    """The version of the distribution.

    Raises:
        importlib.metadata.PackageNotFoundError: the kit is run without being installed.
    """
    # Here, because the module reads mail headers and takes longer to import than many a verb needs.
    import importlib.metadata

    return importlib.metadata.version("vnic-failover-kit")

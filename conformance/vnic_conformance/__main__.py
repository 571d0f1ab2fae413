"""``python -m vnic_conformance`` is the command ``vnickit``."""

from __future__ import annotations

from vnic_conformance.cli import main

if __name__ == "__main__":
    main(prog_name="vnickit")

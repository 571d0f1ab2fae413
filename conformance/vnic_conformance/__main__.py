"""Where the command ``vnickit`` begins; ``python -m vnic_conformance`` is the same."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line of this process and exit. Ctrl-C while Python still imports stops as quietly as later on."""
    try:
        # Here, because importing takes some tenths of a second, in which somebody may change their mind.
        from vnic_conformance.cli import main

        main(prog_name="vnickit")
    except KeyboardInterrupt:
        sys.stderr.write("vnickit: stopped; there is no verdict\n")
        sys.exit(3)  # ExitCode.INCONCLUSIVE, which may not have been imported


if __name__ == "__main__":
    run()

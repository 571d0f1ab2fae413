"""The verbs of ``vnickit``, one module each.

A module ``commands/<verb>.py`` (a dash in the verb becomes an underscore) defines ``command``, a
:class:`click.Command` whose callback returns an :class:`~vnic_conformance.exit_codes.ExitCode`. The verb becomes
visible by its row in :data:`vnic_conformance.cli.VERBS`. A module is imported only when its verb is used, so that what
one verb needs (a solver, say) is not needed by the others.
"""

from __future__ import annotations

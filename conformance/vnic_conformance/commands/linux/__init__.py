"""``vnickit linux``: the Linux VNIC client driver, built, tried and judged."""

from __future__ import annotations

import click

from vnic_conformance.commands.linux.building import build_command, list_command, shell_command
from vnic_conformance.commands.linux.checking import adapter_command, check_command
from vnic_conformance.commands.linux.hunting import bugs_command
from vnic_conformance.commands.linux.surveying import survey_command


@click.group()
def command() -> None:
    """Judge the Linux VNIC client driver: build kernels with it for User-Mode Linux, check them, try them.

    The driver is unmodified and runs in a real kernel, as a process of its own; hypervisor, interrupts, memory and clock
    are the kit's. docs/linux.md tells more.
    """


for each in (build_command, check_command, survey_command, bugs_command, list_command, shell_command, adapter_command):
    command.add_command(each)

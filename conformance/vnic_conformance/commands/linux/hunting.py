"""``vnickit linux bugs``: the known bugs, and whether each is found when it is put back."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnic_conformance.commands.linux.choosing import built, jobs_option, trouble_told
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import out_option, refuse
from vnic_conformance.stopping import stoppable
from vnic_conformance.terminal import say
from vnic_conformance.writing import check_places, with_file

if TYPE_CHECKING:
    from vnic_conformance.linux.bugs import Bug
    from vnic_conformance.linux.kernel import Kernel


@click.command("bugs")
@click.argument("names", nargs=-1, metavar="[NAME-GLOB]...")
@click.option("--hunt", "hunting", is_flag=True, help="Put each back, and see whether it is found.")
@click.option("--kasan", is_flag=True, help="With --hunt: with KASAN, lockdep, DMA debugging, UBSAN, kmemleak.")
@jobs_option
@out_option("With --hunt: write a table of Markdown here.")
@click.pass_context
def bugs_command(
    ctx: click.Context, names: tuple[str, ...], jobs: int | None, out: Path | None, *, hunting: bool, kasan: bool
) -> ExitCode:
    r"""Which known bugs of the driver can be put back; with --hunt, whether each of them is found.

    Each is one fix undone by a small edit of the driver's text, for vnickit linux build, check, survey and shell --bug. Those
    that nothing is known to show are looked for only if they are named in full. The exit code of --hunt is 1 where one is not
    found.

    \b
    Examples:
      vnickit linux bugs
      vnickit linux bugs --hunt 'no-*'
      vnickit linux bugs --hunt removal-does-not-wait --kasan
    """
    from vnic_conformance.linux.known_bugs import BUGS  # here, because a help text needs none

    if not hunting:
        refuse(ctx, ("jobs", "out", "kasan"), "nothing is played without --hunt")
    check_places((("--out", out),))
    chosen = [bug for bug in BUGS.values() if any(fnmatchcase(bug.name, glob) for glob in names or ("*",))]
    if not chosen:
        raise click.UsageError(f"there is no bug of this name: {' '.join(names)}; vnickit linux bugs lists them")
    if not hunting:
        for bug in chosen:
            say(f"{bug.name:<28} #{bug.number:<3} {bug.sentence}{f' Hidden: {bug.hidden}.' if bug.hidden else ''}")
        return ExitCode.CONFORMS
    # Those that nothing shows are looked for where somebody names them.
    chosen = [bug for bug in chosen if not bug.hidden or bug.name in names] or chosen
    return _hunted(chosen, jobs or os.cpu_count() or 1, out, kasan=kasan)


def _hunted(chosen: list[Bug], jobs: int, out: Path | None, *, kasan: bool) -> ExitCode:
    from vnic_conformance.linux.findings_page import hunt_page, line_of_hunt
    from vnic_conformance.linux.hunt import hunt

    def kernel_with(bug: Bug | None) -> Kernel:
        return built(None, None if bug is None else bug.name, kasan=kasan)

    results = []
    with stoppable(), trouble_told():
        for result in hunt(chosen, kernel_with, jobs=jobs):
            results.append(result)
            say(line_of_hunt(result))
    found = sum(bool(result.case) for result in results)
    say(f"{found} of {len(results)} known bugs found")
    return with_file(
        ExitCode.CONFORMS if found == len(results) else ExitCode.VIOLATION, out, lambda: hunt_page(results)
    )

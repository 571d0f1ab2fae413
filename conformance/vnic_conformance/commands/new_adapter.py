"""``vnickit new-adapter``: an adapter to start from."""

from __future__ import annotations

import importlib.resources
import shlex
from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import say

#: What is written, how it is built, and how it is started, by language; ``{0}`` is the directory.
_LANGUAGES = {
    "c": ("adapter.c", "cc -std=c99 -O2 -o {0}/adapter {0}/adapter.c", "{0}/adapter"),
    "python": ("adapter.py", "", "python {0}/adapter.py"),
}
#: Where that lies in the package, by role and language.
_SOURCES = {
    ("hypervisor", "c"): "adapter.c",
    ("hypervisor", "python"): "adapter.py",
    ("client", "python"): "client_adapter.py",
}


@click.command(epilog="Exit codes: 0 written; 2 the file is there already, or cannot be written.")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(tuple(_LANGUAGES)), required=True, help="The language of the adapter.")
@click.option(
    "--role",
    type=click.Choice(tuple(dict.fromkeys(role for role, _ in _SOURCES))),
    default="hypervisor",
    show_default=True,
    help="What is behind the adapter.",
)
def command(directory: Path, lang: str, role: str) -> ExitCode:
    """Write an adapter to start from into DIR.

    It is one file. As it stands it passes smoke, with a toy behind it that check finds out at once: put your implementation in
    the toy's place, call by call, and watch the verdict change.

    \b
    Examples:
      vnickit new-adapter --lang c my-adapter
      vnickit new-adapter --lang python .
      vnickit new-adapter --lang python --role client my-client
    """  # noqa: D301 - click wants the character, not its name
    if (role, lang) not in _SOURCES:
        known = " or ".join(language for each, language in _SOURCES if each == role)
        raise click.UsageError(f"--lang {lang}: an adapter of role {role} is there in {known} only")
    name, build, start = _LANGUAGES[lang]
    file = directory / name
    text = (
        importlib.resources.files("vnic_conformance.starting_points")
        .joinpath(_SOURCES[role, lang])
        .read_text(encoding="utf-8")
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already, and is left alone") from None
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    where = shlex.quote(str(directory))
    adapter = start.format(where)
    say(f"{file} is written. Next:")
    for words in (build.format(where), *(f'vnickit {verb} --adapter "{adapter}"' for verb in ("smoke", "check"))):
        if words:
            say(f"  {words}")
    return ExitCode.CONFORMS

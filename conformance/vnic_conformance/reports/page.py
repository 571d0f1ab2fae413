"""Pages of HTML from templates in this directory; everything that is put into one is made printable and escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vnic_conformance.foreign import printable

if TYPE_CHECKING:
    from jinja2 import Environment


def page(template: str, **values: object) -> str:
    """A page.

    Args:
        template: name of a file in this directory.
        values: what the template asks for; a name that it asks for in vain is an error.
    """
    return environment().get_template(template).render(**values) + "\n"


def environment() -> Environment:
    """What templates are rendered in."""
    # Here, because few verbs write HTML, and all of them would wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printable(value: object) -> object:
    """Plain text without control characters; markup that a macro has made (``__html__``) is clean already."""
    return printable(value) if type(value) is str else value

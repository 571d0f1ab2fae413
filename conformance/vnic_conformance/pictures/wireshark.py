"""The dissector for Wireshark: the tables of :mod:`vnic_conformance.pictures.formats` in Lua, and what walks them.

What walks them is ``dissector.lua`` beside this file, which has no name of a field and no offset.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

from vnic_conformance.foreign import printable
from vnic_conformance.pictures.decoding import runs
from vnic_conformance.pictures.formats import (
    BUFFERS,
    FORMATS,
    QUEUES,
    TABLES,
    VALUES,
    Format,
    Link,
    layouts_in,
)
from vnic_spec.layouts import Layout

#: Where Wireshark and tshark look for what a user has added.
DIRECTORY: Final = "~/.local/lib/wireshark/plugins"
_MAC: Final = "mac"


def install_command(file: str) -> str:
    """What to type to install the dissector that is in a file."""
    return f"install -D -m 644 {shlex.quote(file)} {DIRECTORY}/vnic.lua"


def filter_of(link: Link) -> str:
    """The name of a protocol, as display filters have it."""
    return f"vnic.{link.name.lower()}"


def dissector(file: str) -> str:
    """The dissector, a program in Lua.

    Args:
        file: the name of the file that it will be in.
    """
    file = printable(file)  # a comment ends with its line
    head = (
        "-- A dissector for the captures of vnickit: elements of CRQs and sub-CRQs, buffers, H_VIOCTL.\n"
        f"-- Made by: vnickit export --to wireshark --out {shlex.quote(file)}\n"
        f"-- Install: {install_command(file)}\n\n"
    )
    made = [_Protocol(link, _forms(link)).table() for link in Link if link in (*FORMATS, Link.SUB_CRQ)]
    tables = f"local STEP = {Link.STEP.value}\nlocal FORMATS = {_lua(made)}\n\n"
    return head + tables + files(__package__).joinpath("dissector.lua").read_text(encoding="utf-8")


def _forms(link: Link) -> Mapping[str, Format]:
    return QUEUES if link is Link.SUB_CRQ else {"": FORMATS[link]}


class _Protocol:
    """The tables of one link: its fields and layouts by number, from 1 on as Lua counts."""

    def __init__(self, link: Link, forms: Mapping[str, Format]) -> None:
        self._link = link
        self._forms = forms
        every = {layout.name: layout for form in forms.values() for layout in layouts_in(form)}
        self._layouts = list(every.values())
        sizes = Counter((field.name, field.size) for layout in self._layouts for field in layout.fields)
        sizes.update((table.name, table.entry) for layout in self._layouts for table in TABLES.get(layout.name, ()))
        self._fields = {key: number for number, key in enumerate(sizes, 1)}
        # A filter has one type. Where fields of a name differ in size the usual size has the plain name.
        self._usual = dict(reversed([key for key, _ in sizes.most_common()]))

    def table(self) -> dict[str, object]:
        """Everything that the program asks for."""
        made: dict[str, object] = {
            "link": self._link.value,
            "proto": filter_of(self._link),
            "title": self._link.name.lower().replace("_", " "),
            "fields": [self._field(name, size) for name, size in self._fields],
            "layouts": [self._layout(layout) for layout in self._layouts],
        }
        if len(self._forms) == 1:
            (form,) = self._forms.values()
            return made | {"form": self._form(form)}
        return made | {"queues": [{"name": name, "form": self._form(form)} for name, form in self._forms.items()]}

    def _field(self, name: str, size: int) -> dict[str, object]:
        plain = name.replace(" ", "_").replace("-", "_")
        return {
            "name": name,
            "filter": plain if self._usual[name] == size else f"{plain}_{size}",
            "size": size,
            "ether": name == _MAC,
            "values": VALUES.get((self._link, name)),
        }

    def _layout(self, layout: Layout) -> dict[str, object]:
        tables = TABLES.get(layout.name, ())
        made: dict[str, object] = {
            "name": layout.name,
            "size": layout.size,
            "fields": [{1: f.offset, 2: f.size, "field": self._fields[f.name, f.size]} for f in layout.fields],
            "reserved": list(runs(layout.reserved())),
            "tables": [
                {
                    "name": table.name,
                    "field": self._fields[table.name, table.entry],
                    "number": _place(layout, table.number),
                    "offset": _place(layout, table.offset),
                    "entry": table.entry,
                }
                for table in tables
            ],
        }
        if layout.name in BUFFERS:
            made |= {"least": BUFFERS[layout.name], "length": _place(layout, "length")}
        return made

    def _form(self, form: Format) -> object:
        if isinstance(form, Layout):
            return 1 + [layout.name for layout in self._layouts].index(form.name)
        return {
            "by": _place(form.otherwise, form.by),
            "cases": {int(value): self._form(case) for value, case in form.cases.items()},
            "otherwise": self._form(form.otherwise),
        }


def _place(layout: Layout, name: str) -> tuple[int, int]:
    field = layout.field(name)
    return field.offset, field.size


def _lua(value: object, indent: str = "") -> str:
    """Plain data as Lua writes it; what is None is left out."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        assert value.isprintable(), value
        assert not set(value) & {'"', "\\"}, value
        return f'"{value}"'
    deeper = indent + "  "
    if isinstance(value, Mapping):
        entries = [f"{_key(key)} = {_lua(one, deeper)}" for key, one in value.items() if one is not None]
    else:
        assert isinstance(value, Sequence), value
        entries = [_lua(one, deeper) for one in value]
    short = f"{{ {', '.join(entries)} }}"
    if len(short) < 120 and "\n" not in short:
        return short
    return "{\n" + "".join(f"{deeper}{entry},\n" for entry in entries) + indent + "}"


def _key(key: object) -> str:
    return f"[{key}]" if isinstance(key, int) else str(key)

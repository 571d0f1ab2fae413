"""An instance as text, headed by what makes it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vnic_conformance.commands.explore.report import setting
from vnic_conformance.commands.explore.request import Request
from vnic_model.export.promela import promela
from vnic_model.export.smv import smv
from vnic_model.export.source import Source, source_of

WRITERS: Mapping[str, Callable[[Source, str, str], str]] = {"promela": promela, "smv": smv}


def command_line(request: Request, language: str, *, properties: bool) -> str:
    """The command that makes the same text again."""
    machine = request.machine
    words = [f"--to {language} --instance {machine.name} --servers {machine.servers}"]
    words += [f"--mutate {request.mutation.name}"] if request.mutation else []
    words += [f"--profile {name}={value}" for name, value in machine.profile.differences().items()]
    words += [f"--client-depth {machine.client_depth} --server-depth {machine.server_depth}"]
    words += ["--properties"] if properties else []
    return f"vnickit export {' '.join(words)}"


def exported(request: Request, language: str, *, properties: bool, file: str = "FILE") -> str:
    """The text of an instance.

    Args:
        request: the instance, and what is claimed of it.
        language: ``promela`` or ``smv``.
        properties: whether what is claimed is exported, too.
        file: the name of the file that it will be in.
    """
    source = source_of(request.machine, request.properties if properties else ())
    title = f"{setting(request.machine)}\n\nMade by: {command_line(request, language, properties=properties)}"
    return WRITERS[language](source, title, file)

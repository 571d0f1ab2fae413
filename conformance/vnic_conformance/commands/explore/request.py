"""What is to be explored, from the words of the command line."""

from __future__ import annotations

from dataclasses import dataclass

import click

from vnic_conformance.options import decisions
from vnic_conformance.terminal import refusal, say
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_spec.below.programs import MISORDERINGS
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.profile import PARAMETERS, Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property


@dataclass(frozen=True)
class Request:
    """What is to be explored."""

    machine: Instance
    mutation: Mutation | None
    properties: tuple[Property, ...]


def request_of(
    *,
    name: str | None = None,
    servers: int | None = None,
    mutate: str | None = None,
    profile: tuple[str, ...] = (),
    client_depth: int | None = None,
    server_depth: int | None = None,
    interventions: int | None = None,
    all_properties: bool = False,
) -> Request:
    """Make sense of the words of the command line.

    Raises:
        click.ClickException: a name nobody knows or a number that makes no machine; one line with what to type instead.
    """
    mutation = None
    if mutate is not None:
        if mutate in MISORDERINGS:
            raise click.ClickException(
                f"{mutate} misreads the order of steps, which the machine does not have; explore --below takes it"
            )
        if mutate not in EVERY_MUTATION:
            raise refusal("mutation", mutate, EVERY_MUTATION)
        mutation = EVERY_MUTATION[mutate]
    usual = "core" if mutation is None else mutation.instance or PROPERTIES[mutation.refutes].instance
    name = name or usual
    if name not in SCENARIOS:
        raise refusal("instance", name, SCENARIOS)
    many = servers if servers is not None else 2 if mutation is None else mutation.servers
    try:
        machine = instance(
            name,
            many,
            mutation=mutation,
            profile=_profile(name, profile),
            client_depth=client_depth,
            server_depth=server_depth,
            interventions=interventions,
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    claimed = claims(name)
    if mutation is not None and mutation.refutes in PROPERTIES and not all_properties:
        claimed = (PROPERTIES[mutation.refutes],)
    return Request(machine, mutation, claimed)


def _profile(name: str, choices: tuple[str, ...]) -> Profile:
    chosen = decisions(choices)
    for key in chosen:
        described = PARAMETERS.get(key)
        if described and not described.abstract and described.name != "preempt_delay_ms":
            note = "the machine does not read it (time and size are abstract here)"
            say(f"note: {described.name} changes nothing: {note}", err=True)
    return Profile.from_mapping({**SCENARIOS[name].profile.as_mapping(), **chosen})

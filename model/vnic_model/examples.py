"""Examples found live: the shortest run that exercises a property, and the shortest that a misreading leads to."""

from __future__ import annotations

from vnic_model.explorer import explore, witness
from vnic_model.instances import instance
from vnic_model.liveness import decide
from vnic_model.replay import trace_of, trace_of_lasso
from vnic_model.trace import Trace
from vnic_spec.liveness import GOALS
from vnic_spec.mutations import MUTATIONS, Mutation
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property

#: Servers in an example, unless the misreading needs more or fewer.
SERVERS = 2


def witness_trace(claim: Property, servers: int = SERVERS) -> Trace:
    """The shortest run whose last step exercises a property.

    Raises:
        LookupError: there is none in the instance where the property says it is.
    """
    found = witness(instance(claim.instance, servers), claim)
    if found.found is None:
        raise LookupError(f"nothing exercises {claim.name} in {claim.instance} with {servers} servers")
    return trace_of(found, claim)


def mutation_trace(mutation: Mutation) -> Trace:
    """The shortest run by which a misreading violates its property, or an endless one by which it refutes its goal.

    Raises:
        LookupError: it violates nothing.
    """
    if mutation.refutes in GOALS:
        decided = decide(instance(mutation.instance, mutation.servers, mutation=mutation), mutation.refutes)
        if decided.holds:
            raise LookupError(f"the mutation {mutation.name} does not refute {mutation.refutes}")
        return trace_of_lasso(decided, mutation=mutation)
    claim = PROPERTIES[mutation.refutes]
    made = instance(mutation.instance or claim.instance, mutation.servers, mutation=mutation)
    found = explore(made, [claim])
    if found.violation is None:
        raise LookupError(f"the mutation {mutation.name} does not violate {claim.name}")
    return trace_of(found, claim, mutation=mutation)


def mutations_against(claim: Property) -> list[Mutation]:
    """The misreadings that violate a property."""
    return [mutation for mutation in MUTATIONS.values() if mutation.refutes == claim.name]

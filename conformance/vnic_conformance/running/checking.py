"""A whole check: from the words that name an implementation to the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from vnic_conformance.defaults import HYPERVISOR, LONGEST_WAIT_MS, PHASES, SEED, STEPS
from vnic_conformance.running.book import Book
from vnic_conformance.running.corpus import Corpus, corpus
from vnic_conformance.running.engine import Engine, hello_as_plain
from vnic_conformance.running.events import AdapterFailed, RunBegan, RunEnded
from vnic_conformance.running.plan import Case, select
from vnic_conformance.running.play import Budget, Listener, Outcome, Play
from vnic_conformance.running.role import Role, role_named
from vnic_conformance.running.verdicts import exit_code
from vnic_conformance.targets import AdapterBroken, Target, is_command, open_target
from vnic_conformance.version import kit_version
from vnic_spec.profile import PARAMETERS, Profile


class RequestError(ValueError):
    """What is asked for makes no sense for this implementation; the text says why and what does."""


@dataclass(frozen=True)
class Request:
    """What is to be checked, and how.

    Attributes:
        adapter: the implementation, as :func:`~vnic_conformance.targets.open_target` takes it.
        select: globs of case IDs; none: every case.
        fail_fast: stop at the first violation.
        steps: budget of the random phases.
        seed: of everything random.
        servers: how many servers; None: several numbers in turn.
        profile: decisions that differ from what the adapter claims, by name.
        time_scale: factor on every wait.
        phases: what is played.
        longest_wait_s: on a real clock, the longest step of it that is waited for, in seconds.
        given: options that somebody has given, as typed; one that would be ignored is refused.
        learn: begin with what earlier runs have found, and keep what this one finds, if it is a whole run.
    """

    adapter: str
    select: tuple[str, ...] = ()
    fail_fast: bool = False
    steps: int = STEPS
    seed: int = SEED
    servers: int | None = None
    profile: dict[str, object] = field(default_factory=dict)
    time_scale: float = 1.0
    phases: tuple[str, ...] = PHASES
    longest_wait_s: float = LONGEST_WAIT_MS / 1000
    given: frozenset[str] = frozenset()
    learn: bool = False


@dataclass(frozen=True)
class Checked:
    """A check that is over: what it was, what there was to check, what came out."""

    header: RunBegan
    chosen: tuple[Case, ...]
    outcome: Outcome


def check(
    request: Request, listeners: Sequence[Listener] = (), tell: Callable[[str], None] = lambda _: None
) -> Checked:
    """Check an implementation, in the role that it plays.

    Args:
        request: what to check, and how.
        listeners: told of every event.
        tell: told when something takes a while before the first event.

    Raises:
        NothingSelectedError: a glob matches no case.
        RequestError: what is asked for makes no sense for this implementation.
        SpecError: the words that name the implementation are wrong.
        KeyboardInterrupt: somebody stopped it; the listeners know.
    """
    try:
        overrides = Profile.from_mapping(request.profile)
    except ValueError as error:
        raise RequestError(f"--profile: {error}") from None
    try:
        target = open_target(request.adapter, time_scale=request.time_scale)
    except AdapterBroken as trouble:
        return _not_opened(request, overrides, trouble, listeners)
    checked: Checked | None = None
    try:
        with target:
            checked = _checked(request, target, listeners, tell)
    except KeyboardInterrupt:
        if checked is None:
            raise
        target.close()  # by force; there was a verdict, and it stands
    return checked


def other_profiles(profile: Profile) -> str:
    """Said of an adapter that takes any profile: an error that only another one shows is not found."""
    claimed = profile.as_mapping()
    others = (
        f"--profile {each.name}={member.name.lower()}"
        for each in PARAMETERS.values()
        if each.choices is not None and not each.requirements[0].startswith("CLI-")  # that is the client's to decide
        for member in each.choices
        if member.name != claimed[each.name]
    )
    return f"the adapter takes other profiles, too; only one was played. Others: {', '.join(others)}; and other numbers"


def _checked(request: Request, target: Target, listeners: Sequence[Listener], tell: Callable[[str], None]) -> Checked:
    """Check an implementation that has greeted."""
    profile = _profile(request, target)
    role = _role(request, target, profile)
    book = role.book(profile, _phases(request, role), tell)
    chosen = select(book.cases, request.select)
    header = _header(request, chosen, profile, hello=hello_as_plain(target))
    known = corpus(target.hello, profile) if request.learn and _whole(request, role) else None
    engine = Engine(
        target,
        profile,
        book.cases,
        chosen,
        header,
        listeners if known is None else (*listeners, known),
        fail_fast=request.fail_fast,
        longest_wait_ms=int(request.longest_wait_s * 1000),
        afresh=_afresh(request),
    )

    def plays(engine: Engine) -> Iterator[Play]:
        yield from role.plays(engine, book, chosen, _budget(request, known))
        if left := _left_out(request, role, profile, book):
            engine.note(f"{left} cases that take long were not played; --thorough plays them")
            if "profiles" in target.hello.features and not request.profile:
                engine.note(other_profiles(profile))
        if not engine.outcome.failures:
            target.finish()  # an adapter that does not end as it must is broken, however well it played

    outcome = engine.run(plays)
    if known is not None and outcome.complete and outcome.broken is None:
        known.keep()
    return Checked(header, engine.chosen, outcome)


def _left_out(request: Request, role: Role, profile: Profile, book: Book) -> int:
    """How many cases are played only where they are asked for, in a run that has chosen nothing else."""
    asked = set(request.phases)
    if asked.intersection(role.on_request) or not asked.issuperset(role.phases) or request.select or request.fail_fast:
        return 0
    known = {case.id for case in book.cases}
    return sum(case.id not in known for case in role.book(profile, role.on_request, lambda _: None).cases)


def _whole(request: Request, role: Role) -> bool:
    """Nothing has been chosen of what a run plays, and chance may have its say: such a run learns."""
    return role.name == HYPERVISOR and not request.select and set(request.phases).issuperset(role.phases)


def _budget(request: Request, known: Corpus | None) -> Budget:
    """What the random phases may do, and what they know."""
    if known is None or not known.met:
        return Budget(request.steps, request.seed, request.servers)
    words = tuple((word.servers, word.stimuli) for word in known.words)
    return Budget(request.steps, request.seed, request.servers, words, lambda: known.rarity)


def _afresh(request: Request) -> Callable[[], Target] | None:
    """How a new process of the implementation is started; None where it is no process of ours."""
    return partial(open_target, request.adapter, time_scale=request.time_scale) if is_command(request.adapter) else None


def _role(request: Request, target: Target, profile: Profile) -> Role:
    """The role that the implementation plays.

    Raises:
        RequestError: what is asked for makes no sense for it.
    """
    hello = target.hello
    try:
        role = role_named(hello.role)
    except LookupError as error:
        raise RequestError(f"the adapter plays the role {hello.role}; {error}") from None
    if hello.virtual and "--longest-wait" in request.given:
        raise RequestError("--longest-wait: the adapter's clock is virtual; nothing is waited for")
    if role.own_servers and "--servers" in request.given:
        raise RequestError(f"--servers: in role {role.name} each story says how many servers it has")
    if request.servers is not None and request.servers > hello.servers:
        raise RequestError(f"--servers {request.servers}: the adapter has at most {hello.servers} server partitions")
    if why := role.refuses(hello, profile):
        raise RequestError(why)
    return role


def _phases(request: Request, role: Role) -> tuple[str, ...]:
    """Those phases that are wanted and that the role has."""
    wanted = tuple(phase for phase in request.phases if phase in (*role.phases, *role.on_request))
    if not wanted:
        raise RequestError(f"role {role.name} has the phases {' and '.join(role.phases)} only")
    return wanted


def _header(request: Request, chosen: Sequence[Case], profile: Profile, hello: dict[str, object]) -> RunBegan:
    return RunBegan(
        kit=kit_version(),
        adapter=request.adapter,
        hello=hello,
        profile=profile,
        seed=request.seed,
        steps=request.steps,
        select=request.select,
        cases=tuple(case.id for case in chosen),
    )


def _not_opened(request: Request, profile: Profile, trouble: AdapterBroken, listeners: Sequence[Listener]) -> Checked:
    """A check of which nothing came, because the adapter did not even greet."""
    header = _header(request, (), profile, hello={})
    failed = AdapterFailed(0, trouble.as_fields(), str(trouble), None, None)
    outcome = Outcome(broken=failed, code=exit_code((), broken=True))
    for listener in listeners:
        for event in (header, failed, RunEnded(0, 0, 0.0, int(outcome.code))):
            listener(event)
    return Checked(header, (), outcome)


def _profile(request: Request, target: Target) -> Profile:
    claimed = target.hello.profile
    return Profile.from_mapping({**claimed.as_mapping(), **request.profile})

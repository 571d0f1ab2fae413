"""Role ``client``, as the engine takes it: scripted cases, injections as tours, pairs of injections by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from vnic_conformance.answer import Answer
from vnic_conformance.client_role.cases import every_case, long_cases, tours, watched
from vnic_conformance.client_role.conversation import HAPPENED, ClientConversation
from vnic_conformance.client_role.injection import EVENTS, may_happen_in
from vnic_conformance.client_role.judge import ClientJudge, claims, profile_of
from vnic_conformance.client_role.long_lives import long_stories
from vnic_conformance.client_role.port import TargetPort
from vnic_conformance.client_role.record import RecordError, happenings_of
from vnic_conformance.client_role.stories import Story, injected, played, prepared, stories, told
from vnic_conformance.client_role.words import PARTNER, feature_of, problem, written
from vnic_conformance.defaults import LONG
from vnic_conformance.episode import Episode
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.running.book import Book
from vnic_conformance.running.leaving_out import BRIEFLY, left_out
from vnic_conformance.running.plan import Case, Phase, case_among
from vnic_conformance.running.play import Budget, Narrowed, Play, Run, driven
from vnic_conformance.running.role import Role
from vnic_conformance.session import Conversation, Session, Turns
from vnic_conformance.stimulus import Stimulus
from vnic_spec.client_profile import ClientProfile
from vnic_spec.profile import Profile
from vnic_spec.requirements import BINDS, REQUIREMENTS, Party, Requirement

NAME = "client"
PHASES = ("scripted", "tour", "hypothesis")
#: Every so many calls an event is injected, another of them for each event; ``--long`` takes every call.
STRIDE = 15
#: Steps of the budget for one pair of injections.
PAIR_STEPS = 500


def _book(_: Profile, phases: Sequence[str], __: Callable[[str], None] = lambda _: None) -> Book:
    played = {Phase.SCRIPT: "scripted", Phase.TOUR: "tour"}
    long = {case.id for case in long_cases()}
    cases = (
        case
        for case in every_case()
        if case.watched or (LONG in phases if case.id in long else played[case.phase] in phases)
    )
    return Book(tuple(cases), phases=tuple(phases))


def _requirements() -> list[Requirement]:
    return [entry for entry in REQUIREMENTS.values() if BINDS[entry.group] is Party.CLIENT]


def _refuses(hello: Hello, profile: Profile) -> str:
    return "" if hello.virtual else "role client is judged on a virtual clock; this adapter has a real one"


def _turns(name: str) -> Callable[[Session[Any]], Turns] | None:
    if name not in {story.case.id for story in _all(ClientProfile())}:
        return None

    def turns(session: Session[Any]) -> Turns:
        profile = session.oracle.monitor.view.profile
        return _told(next(story for story in _all(profile) if story.case.id == name))(session)

    return turns


def _all(profile: ClientProfile) -> tuple[Story, ...]:
    return (*stories(profile), *long_stories(profile))


def _retold(name: str, word: Sequence[Stimulus]) -> Callable[[Session[Any]], Turns] | None:
    """An injection into the call that was chosen; the rest of what is done is known by the ID of the case."""
    found = next(((procedure, event) for case, procedure, event in tours() if case.id == name), None)
    if found is None:
        return None
    call = next((each.given["at"] for each in word if (each.who, each.call) == (PARTNER, "inside")), 1)

    def turns(session: Session[Any]) -> Turns:
        procedure, event = found
        return told(*injected(procedure, session.oracle.monitor.view.profile.recovery_ms, int(call), event), session)

    return turns


def _told(story: Story) -> Callable[[Session[Any]], Turns]:
    return lambda session: told(story.word, story.witness, session)


def _plays(run: Run, made: Book, chosen: Sequence[Case], budget: Budget) -> Iterator[Play]:
    ids = {case.id for case in chosen}
    anyhow = any(case.watched for case in chosen)
    if "scripted" in made.phases:
        # What was chosen comes first; the other stories are told for the rules that watch.
        for story in sorted(stories(run.hello.client), key=lambda story: story.case.id not in ids):
            if story.case.id in ids or anyhow:
                yield Play("scripted", run.setting(1), _told(story), story.case)
    if "tour" in made.phases:
        yield from _injections(run, ids, 1 if LONG in made.phases else STRIDE)
    if LONG in made.phases and not run.over:
        for story in long_stories(run.hello.client):
            if story.case.id in ids:
                yield Play("scripted", run.setting(1), _told(story), story.case)
    if "hypothesis" in made.phases and anyhow and budget.steps and not run.over:
        # Here, because importing Hypothesis takes as long as a short check.
        from vnic_conformance.client_role.pairs import hunt

        with driven(run, "hypothesis", budget.seed) as begun:
            hunt(lambda: begun(run.setting(1)), run.hello, max(budget.steps // PAIR_STEPS, 1), budget.seed)


def _injections(run: Run, ids: set[str], stride: int) -> Iterator[Play]:
    counted: dict[str, list[int]] = {}
    for case, procedure, name in tours():
        if case.id not in ids or run.tired_of("tour"):
            continue
        recovery_ms = run.hello.client.recovery_ms
        if procedure not in counted:
            sought: list[int] = []

            def counting(session: Session[Any], procedure: str = procedure, sought: list[int] = sought) -> Turns:
                return _counting(session, played(procedure, 0), len(prepared(procedure)), sought)

            yield Play("tour", run.setting(1), counting)
            counted[procedure] = sought
        calls = [at for at, opcode in enumerate(counted[procedure], 1) if may_happen_in(name, opcode)]
        if not calls:
            run.unreached[case.id] = f"no call that this client makes in procedure {procedure} may be answered so"
        for call in calls[min(list(EVENTS).index(name) % stride, len(calls) - 1) :: stride]:
            yield Play("tour", run.setting(1), partial(told, *injected(procedure, recovery_ms, call, name)), case)


def _counting(session: Session[Any], word: tuple[Stimulus, ...], skipped: int, sought: list[int]) -> Turns:
    """A procedure alone; ``sought`` gets the opcodes of its calls."""
    for number, each in enumerate(word[:-3]):
        yield each
        if number >= skipped:
            sought += session.oracle.codes


def _unreadable(answer: Answer) -> str:
    """Why what is recorded of a step is no record; empty if it is one."""
    try:
        happenings_of(str(answer.reply.get(HAPPENED, "")))
    except RecordError as error:
        return str(error)
    return ""


def _narrow(target: Conversation, episode: Episode, failure: Judgement, thorough: bool) -> Narrowed:
    """Leave out what is not needed; within the small budget, because each step is a piece of a client's life."""
    return left_out(target, episode, failure, runs=BRIEFLY)


ROLE = Role(
    name=NAME,
    phases=PHASES,
    requirements=_requirements,
    watched=watched,
    case=lambda name: case_among(every_case(), name),
    book=_book,
    feature_of=feature_of,
    refuses=_refuses,
    times=lambda hello: claims(hello.client),
    judge=ClientJudge,
    plays=_plays,
    turns=_turns,
    retold=_retold,
    narrow=_narrow,
    phrase=written,
    by_case=True,
    own_servers=True,
    on_request=(LONG,),
    conversation=lambda target: cast("Conversation", ClientConversation(TargetPort(target))),
    problem=problem,
    unreadable=_unreadable,
    claimed=lambda numbers: profile_of(dict(numbers)),
)

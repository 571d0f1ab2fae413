"""Role ``system``, as the engine takes it: stories first, then Hypothesis; every step judged by every law."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vnic_conformance.episode import Episode
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.hello import TIMES, Hello
from vnic_conformance.running.book import Book
from vnic_conformance.running.leaving_out import BRIEFLY, LEAVING_OUT, left_out
from vnic_conformance.running.plan import Case, case_among
from vnic_conformance.running.play import Budget, Narrowed, Play, Run, driven
from vnic_conformance.running.role import Role
from vnic_conformance.session import Conversation, Session, Turns
from vnic_conformance.system_role.cases import Story, stories, watched
from vnic_conformance.system_role.judge import SystemJudge
from vnic_conformance.system_role.oracle import Outage
from vnic_conformance.system_role.words import feature_of, written
from vnic_spec.profile import Profile, Reopen
from vnic_spec.requirements import REQUIREMENTS, Requirement

NAME = "system"
PHASES = ("scripted", "hypothesis")


def every_case() -> list[Case]:
    """All cases of the role, the watched ones first."""
    return [*watched(), *(story.case for story in stories())]


def _book(_: Profile, phases: Sequence[str], __: Callable[[str], None] = lambda _: None) -> Book:
    return Book(tuple(every_case()), phases=tuple(phases))


def _requirements() -> list[Requirement]:
    """Those that a case is about."""
    named = {requirement for case in every_case() for requirement in case.requirements}
    return [entry for entry in REQUIREMENTS.values() if entry.id in named]


def _refuses(hello: Hello, profile: Profile) -> str:
    if profile.reopen is Reopen.KEEP and hello.virtual:
        return ""
    return (
        "role system is judged on a virtual clock, with reopen = keep; "
        f"this adapter has a {hello.clock} clock and reopen = {profile.reopen}"
    )


def _turns(name: str) -> Callable[[Session[Any]], Turns] | None:
    story = next((story for story in stories() if story.case.id == name), None)
    return None if story is None else lambda session: _told(story, session)


def _told(story: Story, session: Session[Any]) -> Turns:
    """A story, up to where nothing can be said any more."""
    for each in story.word:
        if session.over:
            return
        yield each


def _plays(run: Run, made: Book, chosen: Sequence[Case], budget: Budget) -> Iterator[Play]:
    longest = _Longest()
    if "scripted" in made.phases:
        yield from _stories(run, chosen, longest)
    if "hypothesis" in made.phases and budget.steps and not run.over:
        # Here, because importing Hypothesis takes as long as a short check.
        from vnic_conformance.system_role.stateful import SystemSearch, hunt

        most = run.hello.servers
        with driven(run, "hypothesis", budget.seed) as begun:

            def made_for(servers: int) -> Session[SystemJudge]:
                session = begun(run.setting(min(servers, most)))
                longest.begins(session)
                return session

            hunt(SystemSearch(made_for, budget.steps, run.hello.features), seed=budget.seed)
    longest.ends()
    if longest.outage.cause:
        run.note(outage_words(longest.outage))


def _stories(run: Run, chosen: Sequence[Case], longest: _Longest) -> Iterator[Play]:
    laws_wanted = any(case.watched for case in chosen)
    ids = {case.id for case in chosen}
    for story in stories():
        if story.case.id not in ids and not laws_wanted:
            continue

        def turns(session: Session[Any], story: Story = story) -> Turns:
            longest.begins(session)
            return _told(story, session)

        yield Play("scripted", run.setting(story.servers, limits=story.limits), turns, story.case)


class _Longest:
    """The longest outage that was seen in any session, whether it broke a law or not."""

    def __init__(self) -> None:
        self.outage = Outage(0, 0, "")
        self._judge: SystemJudge | None = None

    def begins(self, session: Session[SystemJudge]) -> None:
        """A session begins, so that the one before is over."""
        self.ends()
        self._judge = session.oracle

    def ends(self) -> None:
        """The last session is over."""
        if self._judge is not None:
            self.outage = max(self.outage, self._judge.longest)


def outage_words(longest: Outage) -> str:
    """The longest outage in words: what was seen of it, for the kit tries frames only now and then."""
    return (
        f"longest outage: seen to last {longest.least_ms:,} ms, and not longer than {longest.most_ms:,} ms, after "
        f"{longest.cause}"
    )


def _narrow(target: Conversation, episode: Episode, failure: Judgement, thorough: bool) -> Narrowed:
    return left_out(target, episode, failure, runs=LEAVING_OUT if thorough else BRIEFLY)


ROLE = Role(
    name=NAME,
    phases=PHASES,
    requirements=_requirements,
    watched=watched,
    case=lambda name: case_among(every_case(), name),
    book=_book,
    feature_of=feature_of,
    refuses=_refuses,
    times=lambda hello: {name: getattr(hello, name) for name in TIMES},
    judge=SystemJudge,
    plays=_plays,
    turns=_turns,
    narrow=_narrow,
    phrase=written,
    by_case=True,
    own_servers=True,
)

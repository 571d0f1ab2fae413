"""The records of a log, one line each, as values: what a log says is checked here before anything works with it.

What came from an adapter has once passed the schema of the protocol, and has to pass it again: nobody knows who wrote the file.
In version 1 reply, observation and the facts of the kit stood in one member, ``came``, told apart by their names alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vnic_conformance.answer import Answer, Facts
from vnic_conformance.defaults import ROLES
from vnic_conformance.episode import HYPERVISOR, Episode, Moment, Setting
from vnic_conformance.oracle import Alternative
from vnic_conformance.protocol import rules
from vnic_conformance.protocol.hello import TIMES
from vnic_conformance.protocol.messages import to_line
from vnic_conformance.protocol.rules import is_observed
from vnic_conformance.running.events import AdapterFailed, Failure, RunBegan, RunEnded
from vnic_conformance.running.role import role_named
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict
from vnic_conformance.session import ABOUT
from vnic_conformance.stimulus import Stimulus, with_tokens
from vnic_model.intake import Fields, shown
from vnic_spec.client_profile import CLIENT_PARAMETERS
from vnic_spec.profile import Profile

#: Partitions of servers that a session may have; the longest session, in steps, and in characters of what queues held.
MOST_SERVERS, MOST_STEPS, MOST_HELD = 64, 100_000, 1 << 27
#: The longest time that an implementation may claim.
MOST_TIME_MS = 1 << 40
#: The verdicts of a step and of a session.
SAID = ("ok", "fail", "inconclusive")
#: Names of the kit's own fields in version 1.
_FACTS_THEN = ("absent", "measured", "repeated", "gone")
#: Who acts in role client, in steps that are no request of the protocol.
_NOT_ON_THE_LINE = ("user", "partner")
#: Texts of an adapter may be longer here than the protocol allows: what cannot be printed has been written out.
_TEXTS, _MOST_TEXT = ("reason", "error"), 2_000


#: The fields of a reset that say what the port of a server has; their values the protocol checks.
_LIMIT = re.compile(r"server\d{1,3}_(queues|entries|mtu|macs|vlans|headers|offloads)")


@dataclass(frozen=True, slots=True)
class Source:
    """What a log's header says of everything in it.

    Attributes:
        version: of the log.
        role: what the implementation played.
        times: what it claimed of its times, in milliseconds.
    """

    version: int
    role: str = HYPERVISOR
    times: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, f: Fields, version: int) -> Source:
        """As the header has it; an implementation that did not greet has no role."""
        hello = f.inner("hello")
        role = hello.text("role", tuple(ROLES)) if "role" in hello else HYPERVISOR
        known = tuple(CLIENT_PARAMETERS) if role == "client" else TIMES
        times = {name: hello.whole(name, 1, MOST_TIME_MS) for name in known if name in hello}
        claimed = role_named(role).claimed
        try:
            if claimed is not None:
                claimed(times)
        except ValueError as error:
            raise f.wrong(str(error)) from None
        return cls(version, role, times if role != HYPERVISOR else {})

    def setting(self, f: Fields, servers: int, profile: Profile) -> Setting:
        """What a session or an episode was judged by."""
        limits = dict(f.scalars("limits")) if "limits" in f else {}
        if strange := [name for name in limits if not _LIMIT.fullmatch(name)]:
            raise f.wrong(f"{shown(strange[0])} is nothing that the port of a server may be limited in")
        return Setting(servers, profile, unpaired_of(f), self.role, limits, self.times)


# --- what was done, and what came ------------------------------------------------------------------------------------


def stimulus_of(f: Fields) -> Stimulus:
    """What was done; it has to be something that the protocol has."""
    found = Stimulus(f.text("who"), f.text("call"), tuple(f.scalars("with").items()))
    if found.who in _NOT_ON_THE_LINE:
        if why := _problem("client", found):
            raise f.wrong(why)
        return found
    try:
        rules.check_request({"seq": 1, **to_line(with_tokens(found, ()).request())})
    except ValueError as error:
        raise f.wrong(str(error).removeprefix("the kit made a request that the protocol does not have: ")) from None
    return found


def checked(f: Fields, answer: Answer, given: Stimulus | None, setting: Setting) -> Answer:
    """An answer that the protocol allows: to a stimulus, or to the reset where there is none."""
    if setting.role == "client":
        return _client_checked(f, answer, given)
    if given is not None and given.who in _NOT_ON_THE_LINE:
        raise f.wrong(f"{given} is nothing that is done in role {setting.role}")
    if given is None:
        request = {name: value for name, value in setting.reset().items() if name != "observe"}
        try:
            rules.check_request({"seq": 1, **to_line(request)})
        except ValueError as error:
            raise f.wrong(str(error)) from None
    else:
        request = {**to_line(with_tokens(given, ()).request()), "observe": 0}
    said = {"seq": 1, **to_line(answer.reply)}
    for name in _TEXTS:
        text = said.get(name)
        said[name] = text[:_MOST_TEXT] if isinstance(text, str) else text
    said = {name: value for name, value in said.items() if value is not None}
    problem = rules.check_reply(request, said)
    if problem is None and answer.seen is not None:
        look = {"seq": 1, "outcome": "done", **to_line(answer.seen)}
        system = setting.role == "system"
        problem = rules.check_reply({"op": "observe"}, look, servers=setting.servers, system=system)
    if problem is not None:
        raise f.wrong(f"what came is not what the protocol has: {problem}")
    return answer


def _client_checked(f: Fields, answer: Answer, given: Stimulus | None) -> Answer:
    """An answer of role client: a record of what happened."""
    if given is not None and (why := _problem("client", given)):
        raise f.wrong(why)
    unreadable = role_named("client").unreadable
    if unreadable is not None and (why := unreadable(answer)):
        raise f.wrong(f"what happened is not told: {why}")
    return answer


def _problem(role: str, given: Stimulus) -> str:
    """Why a stimulus is none of a role; empty if it is one."""
    problem = role_named(role).problem
    return "" if problem is None else problem(given)


class Watching:
    """What was seen in a session, from what is recorded of it: what changed since the last look."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._shown: dict[str, object] = {}
        self._held = 0

    def answer(self, f: Fields) -> Answer:
        """What came, with its whole observation again."""
        reply, news, facts = _parts(f, self._version, moved=True)
        if news is None:
            return Answer(reply, None, facts)
        changed = {name: self._whole(f, name, value) for name, value in news.items()}
        self._shown = {name: value for name, value in {**self._shown, **changed}.items() if value is not None}
        return Answer(reply, self._shown, facts)

    def _whole(self, f: Fields, name: str, moved: object) -> object:
        """What a queue holds, from what was taken from it and what was added."""
        if not isinstance(moved, dict):
            return moved
        m = Fields(moved, f.where, name)
        m.exactly("taken", "added")
        before = str(self._shown.get(name, "")).split()
        found = " ".join([*before[m.whole("taken", 0, len(before)) :], *m.text("added").split()])
        self._held += len(found)
        if self._held > MOST_HELD:
            raise f.wrong(f"the queues of this session hold more than {MOST_HELD:,} characters")
        return found


def _parts(
    f: Fields, version: int, *, moved: bool = False
) -> tuple[dict[str, object], dict[str, object] | None, Facts]:
    """The three parts of what came: reply, observation (None: nobody looked), and the facts of the kit."""
    if version > 1:
        _apart(f.inner("reply"), observed=False)
        seen = _observed(_apart(f.inner("seen"), observed=True), moved=moved) if "seen" in f else None
        return dict(f.scalars("reply")), seen, _facts(f.inner("facts") if "facts" in f else Fields({}, f.where))
    came = f.inner("came")
    seen = _observed(came, moved=moved)
    seen |= dict.fromkeys(came.text("gone").split() if "gone" in came else ())
    reply = {name: came.scalar(name) for name in came if not is_observed(name) and name not in _FACTS_THEN}
    times = came.text("measured").split() if "measured" in came else []
    if not all(
        len(time) < 20 and time.removeprefix("-").isascii() and time.removeprefix("-").isdigit() for time in times
    ):
        came.refuse("measured", "five whole numbers", came.text("measured"))
    known = {name: came.value(name) for name in ("absent", "repeated") if name in came}
    if times:
        known["measured"] = [int(time) for time in times]
    return dict(reply), seen if moved else seen or None, _facts(Fields(known, f.where, "came"))


def _apart(f: Fields, *, observed: bool) -> Fields:
    """Reply and observation do not mix: each has its own fields only; an adapter's own may have any name in a reply."""
    strange = (name for name in f if (not is_observed(name) if observed else rules.observes(name)))
    if (stranger := next(strange, None)) is not None:
        raise f.wrong(f"field {shown(stranger)} is {'none' if observed else 'one'} of an observation")
    return f


def _observed(f: Fields, *, moved: bool) -> dict[str, object]:
    """The fields of an observation: texts and numbers; where only news are recorded, what moved and what is gone, too."""
    found: dict[str, object] = {}
    for name in f:
        if is_observed(name):
            value = f.value(name)
            news = value is None or (isinstance(value, dict) and name.endswith("_queue"))
            found[name] = value if moved and news else f.scalar(name)
    return found


def _facts(f: Fields) -> Facts:
    f.exactly(perhaps=("absent", "measured", "repeated"))
    absent = f.text("absent", ("", *ABOUT.values())) if "absent" in f else ""
    repeated = f.whole("repeated", 0, 1_000_000) if "repeated" in f else 0
    if f.maybe("measured") is None:
        return Facts(absent, None, repeated)
    times = f.items("measured")
    if len(times) != 5 or not all(isinstance(time, int) and not isinstance(time, bool) for time in times):
        f.refuse("measured", "five whole numbers", times)
    called, answered, looks, seen, lag = times
    return Facts(absent, (called, answered, looks, seen, lag), repeated)


def episode_of(f: Fields, source: Source) -> Episode:
    """An episode that is recorded whole."""
    setting = source.setting(f, f.whole("servers", 1, MOST_SERVERS), profile_of(f))
    start = _whole(f.inner("start"), source.version)
    steps = f.inners("steps")
    if len(steps) > MOST_STEPS:
        raise f.wrong(f"an episode has at most {MOST_STEPS:,} steps")
    moments = []
    for step in steps:
        given = stimulus_of(step)
        came = _whole(step.inner("came"), 1) if source.version == 1 else _whole(step, source.version)
        moments.append(Moment(given, checked(step, came, given, setting)))
    return Episode(setting, checked(f, start, None, setting), tuple(moments))


def _whole(f: Fields, version: int) -> Answer:
    reply, seen, facts = _parts(Fields({"came": f}, f.where) if version == 1 else f, version)
    return Answer(reply, seen, facts)


def profile_of(f: Fields) -> Profile:
    """The profile of a run or of an episode."""
    inner = f.inner("profile")
    try:
        return Profile.from_mapping({name: None if inner.nothing(name) else inner.scalar(name) for name in inner})
    except ValueError as error:
        raise f.wrong(str(error)) from None


def unpaired_of(f: Fields) -> tuple[str, ...]:
    """Server partitions without an authorised connection."""
    found = f.texts("unpaired")
    if found:
        try:
            rules.check_request({"seq": 1, "op": "reset", "servers": 1, "unpaired": " ".join(found)})
        except ValueError as error:
            raise f.wrong(str(error)) from None
    return found


# --- everything else -------------------------------------------------------------------------------------------------


def header_of(f: Fields) -> RunBegan:
    """The first line."""
    hello = f.inner("hello")
    return RunBegan(
        kit=f.text("kit"),
        adapter=f.text("adapter"),
        hello={name: hello.plain(name) for name in hello},
        profile=profile_of(f),
        seed=f.whole("seed"),
        steps=f.whole("steps"),
        select=f.texts("select"),
        cases=f.texts("cases"),
    )


def failure_of(f: Fields, source: Source) -> Failure:
    """A violation."""
    return Failure(
        case=f.text("failure"),
        requirement=f.text("hurts"),
        sentence=f.text("sentence"),
        phase=f.text("phase"),
        script=f.text("script"),
        episode=episode_of(f.inner("episode"), source),
        allowed=tuple(map(_alternative, f.inners("allowed"))),
        found_after=f.whole("found_after", 0),
        rerun=_rerun(f),
        length_note=f.text("length_note"),
        shown=f.text("shown") if "shown" in f else "",
        played=f.text("played") if "played" in f else "",
    )


def _alternative(f: Fields) -> Alternative:
    inner = f.inner("instead")
    instead: dict[str, object] = {}
    for name in inner:
        value = None if inner.nothing(name) else inner.plain(name)
        instead[name] = tuple(value) if isinstance(value, list) else value
    return Alternative(instead, f.texts("by"), f.text("words") if "words" in f else "")


def _rerun(f: Fields) -> Rerun | None:
    if f.nothing("rerun"):
        return None
    numbers = f.items("rerun")
    if len(numbers) != 2 or not all(
        isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 1 << 31 for n in numbers
    ):
        f.refuse("rerun", "two whole numbers, how often it failed and how often it was run", numbers)
    failed, runs = numbers
    if failed > runs:
        f.refuse("rerun", "no more failures than runs", numbers)
    return Rerun(failed, runs)


def broken_of(f: Fields, source: Source) -> AdapterFailed:
    """What the adapter did when it broke."""
    trouble = f.inner("broken")
    return AdapterFailed(
        f.whole("session", 0),
        {name: None if trouble.nothing(name) else trouble.plain(name) for name in trouble},
        f.text("text"),
        None if f.nothing("open") else stimulus_of(f.inner("open")),
        None if f.nothing("episode") else episode_of(f.inner("episode"), source),
    )


def result_of(f: Fields) -> CaseResult:
    """The verdict on one case."""
    words = f.text("verdict", [verdict.words for verdict in Verdict])
    return CaseResult(f.text("case"), Verdict.of(words), f.whole("exercised", 0), f.text("reason"), _rerun(f))


def end_of(f: Fields, codes: Mapping[int, object], version: int) -> RunEnded:
    """The footer; in version 1 it did not say what was violated beside the selection, and what was unclear."""
    code = f.whole("exit")
    if code not in codes:
        f.refuse("exit", f"one of {', '.join(map(str, codes))}", code)
    beside = f.inner("beside") if version > 1 else Fields({}, f.where)
    return RunEnded(
        f.whole("sessions", 0),
        f.whole("steps", 0),
        f.seconds("seconds"),
        code,
        {case: beside.whole(case, 1) for case in beside},
        f.whole("unclear", 0) if version > 1 else 0,
    )

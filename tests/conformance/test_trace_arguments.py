"""A trace hides nothing: every argument of every call is said, bytes included, and what time did stands where time passed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.cases.words import S0, S1, best, data, report, send
from vnic_conformance.reports import naming
from vnic_conformance.reports.lanes import lines_of_steps, shown_steps
from vnic_conformance.running.episode import Retraced
from vnic_conformance.session import hypervisor_session
from vnic_conformance.stimulus import CLIENT, CLOCK, TOKEN_BEFORE, TOKEN_LATEST, Stimulus, advance
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import Adapter
from vnic_spec.profile import Profile
from vnic_spec.wire import OutputDescriptor, Vioctl


def _named(value: int | str) -> bool:
    return value in (TOKEN_LATEST, TOKEN_BEFORE) or str(value).startswith("$")


def made() -> Iterator[Stimulus]:
    """Every stimulus of every script, with a number in place of what came before."""
    for script in SCRIPTS.values():
        for step in script.steps(Profile()):
            filled = tuple((name, 77 if _named(v) else v) for name, v in step.stimulus.arguments)
            yield Stimulus(step.stimulus.who, step.stimulus.call, filled)


def changed(stimulus: Stimulus, name: str) -> Stimulus:
    """The same with another value of one argument."""

    def other(value: int | str) -> int | str:
        if isinstance(value, int):
            return 1 - value if value in (0, 1) else value + 1
        if name == "hex":
            return value[:-2] + ("00" if value[-2:] != "00" else "01")
        return {"server0": "server1", "wrong": "own"}.get(value, "server0")

    arguments = tuple((n, other(v) if n == name else v) for n, v in stimulus.arguments)
    return Stimulus(stimulus.who, stimulus.call, arguments)


def test_every_argument_is_said() -> None:
    hidden = set()
    for stimulus in made():
        for name, _ in stimulus.arguments:
            drawn = stimulus.call == "send_crq" and name == "hex"  # beside its arrow, or behind the words
            if not drawn and naming.phrase(changed(stimulus, name)) == naming.phrase(stimulus):
                hidden.add((stimulus.call, name, str(stimulus)))
    assert hidden == set()


def test_words_of_arguments() -> None:
    where = OutputDescriptor(0x80, 32, 0x4000).pack()
    asked = Stimulus.of(S0, "vioctl", sub=int(Vioctl.GET_VNIC_SERVER_INFO), p1=where, p2=0, p3=5)
    words = naming.phrase(asked)
    assert (
        words
        == "server 0 asks what it is, into 32 bytes at 0x4000, control byte 0x80, with unused p3 = 5 (H_VIOCTL 0x1B)"
    )
    poked = Stimulus.of(CLIENT, "poke", address=0x4000, hex="a5" * 16)
    assert naming.phrase(poked) == f"client writes its own memory (address 0x4000, bytes {'a5' * 16})"
    much = naming.phrase(Stimulus.of(CLIENT, "poke", address=0x4000, hex="a5" * 600))
    assert "600 of them" in much
    assert len(much) < 140


@pytest.mark.parametrize(("stimulus", "stored"), [(send(S0, data(7)), True), (send(S1, data(7)), False)])
def test_the_bytes_of_an_element_are_shown_stored_or_not(stimulus: Stimulus, stored: bool) -> None:
    text = drawn([*(step.stimulus for step in best(S0, S1)), stimulus])
    assert "80120000 00070000" in text
    assert ("bytes 8012" in text) is not stored


def retraced(word: list[Stimulus]) -> list[Retraced]:
    with Target(InProcessLink(Adapter())) as target:
        session = hypervisor_session(target, 2, Profile())
        session.begin()
        found = [Retraced(0, 0, frozenset(), session.judgements[0], {})]
        for number, stimulus in enumerate(word, 1):
            shown, before = session.judgements[-1].came, session.oracle.possibilities
            judgement = session.apply(stimulus)
            found.append(Retraced(number, 0, before, judgement, shown))
    return found


def drawn(word: list[Stimulus]) -> str:
    lines, _ = lines_of_steps(shown_steps(retraced(word)))
    return "\n".join(line.text for line in lines)


def test_what_time_did_stands_before_the_call_that_shows_it() -> None:
    """As on a real clock, where time passes between two calls: the step of the clock is taken out here."""
    word = [*(step.stimulus for step in best(S0, S1)), report(S0, interval_ms=10), advance(31), report(S1)]
    *steps, passing, last = retraced(word)
    assert passing.judgement.stimulus.who == CLOCK
    steps.append(Retraced(passing.number, 31, passing.before, last.judgement, passing.shown))
    step = shown_steps(steps)[-1]
    assert "status[0] OPERATIONAL → UNRESPONSIVE" in step.meanwhile
    assert "selected server 0 → server 1" in step.meanwhile
    assert step.changes == ()
    lines, _ = lines_of_steps(shown_steps(steps))
    text = [line.text for line in lines]
    passed = next(number for number, line in enumerate(text) if "time passes" in line)
    reported = next(number for number, line in enumerate(text) if line.startswith(f"{passing.number:>4}"))
    assert passed < reported


def test_a_property_is_exercised_by_the_refusal_that_it_is_about() -> None:
    """MON-1 speaks of reports that are H_STATE; the machine makes that step, not only the look at the arguments."""
    word = [Stimulus.of("console", "remove", server=S1), report(S1)]
    last = retraced(word)[-1].judgement
    assert last.ok
    assert {a.action for a in last.agreed} == {"server_reports_unlisted"}


def test_a_long_sub_queue_is_told_by_its_length_its_ends_and_a_check_sum() -> None:
    elements = [f"80{number:062x}" for number in range(300)]
    one_other = [*elements[:150], "81" + elements[150][2:], *elements[151:]]
    said = naming.field_value("client_sub_1", " ".join(elements))
    assert said.startswith("300 elements, 8000000000000000… to 8000000000000000…, CRC ")
    assert said == naming.field_value("client_sub_1", tuple(elements))
    assert said != naming.field_value("client_sub_1", " ".join(one_other))
    assert naming.field_value("client_sub_1", " ".join(elements[:2])) == " ".join(elements[:2])
    assert naming.field_value("client_sub_1", ()) == naming.field_value("client_sub_1", "") == "empty"

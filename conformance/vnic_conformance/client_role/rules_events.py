"""Rules of events, registration and calls: CLI-1 to CLI-4, CLI-7, CLI-8, CLI-10 to CLI-15."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.rule import HELD, Finding, rule
from vnic_conformance.client_role.view import SUB_SENDS, View
from vnic_spec.wire import (
    ELEMENT_BYTES,
    INIT,
    INIT_COMPLETE,
    PAGE_BYTES,
    Command,
    Hcall,
    Header,
    Rc,
)

#: Own registrations within this time, in ms, that are too many (CLI-7: back-off after three failures in a row).
_STORM_MS: Final = 10_000
_STORM: Final = 6
#: Attempts that may fail in a row before there is a back-off (CLI-7).
_ATTEMPTS: Final = 3
_REGISTER_OR_SEND: Final = (Hcall.H_REG_CRQ, Hcall.H_SEND_CRQ, Hcall.H_REG_SUB_CRQ, *SUB_SENDS)
_CRQ_CALLS: Final = (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ, Hcall.H_ENABLE_CRQ)
_QUEUE_CALLS: Final = (
    Hcall.H_REG_CRQ, Hcall.H_FREE_CRQ, Hcall.H_ENABLE_CRQ, Hcall.H_REG_SUB_CRQ, Hcall.H_FREE_SUB_CRQ,
)  # fmt: skip


def call_name(opcode: int) -> str:
    """The name of a call, as messages say it."""
    return str(Hcall(opcode)) if opcode in Hcall._value2member_map_ else f"call {opcode:#x}"


def sent_element(happening: h.Happening) -> bytes | None:
    """The element that a call of H_SEND_CRQ sends; None if it is another call."""
    return happening.element if isinstance(happening, h.Called) else None


def _begins_again(happening: h.Happening) -> bool:
    """Whether the client begins again: with its CRQ, or by INIT or INIT_COMPLETE."""
    element = sent_element(happening)
    if element is not None:
        return element[0] == Header.INITIALIZATION
    return isinstance(happening, h.Called) and happening.opcode in _CRQ_CALLS


def element_name(element: bytes) -> str:
    """What an element is, as messages say it."""
    if element in (INIT, INIT_COMPLETE):
        return "INIT" if element == INIT else "INIT_COMPLETE"
    known = element[0] == Header.COMMAND and element[1] in Command._value2member_map_
    return str(Command(element[1])) if known else f"element {element[:2].hex()}"


@rule(
    "CLI-1",
    on="Called Idled",
    sentence="After event 08 the client waits for INIT, with no reset of its own.",
    when="the client calls or is idle after event 08 was read, with nothing outstanding",
    watches="owed excused orders",
)
def waits_after_failover(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """R3: unless a request was outstanding that the new server may have got. A removal that is under way goes on (CLI-17)."""
    removing = any(action == "remove" for action, _ in view.orders.values())
    if view.owed != "init" or view.excused or removing:
        return
    yield HELD
    if not isinstance(happening, h.Called):
        return
    begins = happening.opcode in (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ, Hcall.H_ENABLE_CRQ)
    if begins or sent_element(happening) in (INIT, INIT_COMPLETE):
        yield f"{call_name(happening.opcode)} after event 08 was read", "waiting for the INIT of a server"


@rule(
    "CLI-2",
    "CLI-3",
    on="Called",
    sentence="After the INIT of a server the client registers again, or answers it, before it says anything else.",
    when="the client begins again after the INIT of a server",
    watches="owed owed_by profile dialogue",
)
def opens_anew_after_init(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Whether it may answer INIT is its profile; one that was not in a dialogue may in any case."""
    if view.owed_by or view.owed not in ("register", "answer"):
        return
    if _begins_again(happening):
        yield HELD
    element = sent_element(happening)
    if element is None:
        return
    if view.owed == "answer" and element == INIT_COMPLETE:
        return
    allowed = "H_FREE_CRQ and H_REG_CRQ" + (", or INIT_COMPLETE" if view.owed == "answer" else "")
    if element[0] == Header.INITIALIZATION:
        yield f"{element_name(element)} after the INIT of a server was read", allowed


@rule(
    "CLI-3",
    on="Called",
    sentence="After event 06 the CRQ is enabled, after any other event but 08 registered again, before INIT is sent.",
    when="the client begins again after an event other than 08",
    watches="owed owed_by",
)
def recovers_as_the_event_says(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Registering again also enables (CRQ-7)."""
    if view.owed not in ("enable", "register") or not view.owed_by:
        return
    if _begins_again(happening):
        yield HELD
    element = sent_element(happening)
    if element is not None and element[0] == Header.INITIALIZATION:
        needed = "H_ENABLE_CRQ, or H_FREE_CRQ and H_REG_CRQ" if view.owed == "enable" else "H_FREE_CRQ and H_REG_CRQ"
        yield f"{element_name(element)} after event {view.owed_by:02x} was read", needed


@rule(
    "CLI-12",
    on="Called",
    sentence="After an event nothing of the session that ended is sent.",
    when="a call between an event, or the INIT of a server, and the recovery from it",
    watches="owed",
)
def sends_nothing_of_an_ended_session(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Commands; of descriptors the next rule."""
    if view.owed:
        yield HELD
    element = sent_element(happening)
    if element is not None and element[0] == Header.COMMAND and view.owed:
        after = f"event {view.owed_by:02x}" if view.owed_by else "the INIT of a server"
        yield f"{element_name(element)} after {after} was read", "calls that take the session down, and recovery"


@rule(
    "CLI-12",
    on="Called",
    sentence="After an event no descriptor of the session is sent once a send was refused.",
    when="a call after a send of descriptors was refused because the session had ended",
    watches="owed closed_send",
)
def sends_no_descriptor_after_a_refusal(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """H_PARAMETER comes first, for the handles are gone (protocol.md 2.7)."""
    if not isinstance(happening, h.Called) or not view.owed or not view.closed_send:
        return
    yield HELD
    if happening.opcode in SUB_SENDS:
        yield f"{call_name(happening.opcode)} after an earlier one was refused", "no send before the next login"


@rule(
    "CLI-4",
    on="Called",
    sentence="Handles of an earlier registration are not used.",
    when="descriptors are sent in a registration that is not the first",
    watches="registered tx_handles rx_handles login",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def uses_handles_of_this_login(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A handle that the login response of this registration does not have."""
    if not isinstance(happening, h.Called) or happening.opcode not in SUB_SENDS or view.login == "bad":
        return
    if view.registrations > 1:
        yield HELD
    handle = happening.arguments[1] if len(happening.arguments) > 1 else 0
    if handle not in view.tx_handles and handle not in view.rx_handles:
        known = [*view.tx_handles, *view.rx_handles]
        allowed = ", ".join(f"{one:#x}" for one in known) or "none, for nobody is logged in"
        yield f"a descriptor for handle {handle:#x}", f"handles of this login: {allowed}"


@rule(
    "CLI-8",
    on="Called",
    sentence="No use of a released queue.",
    when="a call while the CRQ is freed, or one that frees a sub-CRQ",
    watches="registered tearing freed sub_crqs registrations",
)
def uses_no_released_queue(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A CRQ that is not registered, a sub-CRQ that has been freed."""
    if not isinstance(happening, h.Called):
        return
    opcode, arguments = happening.opcode, happening.arguments
    if (view.registrations and not view.registered) or view.tearing or opcode == Hcall.H_FREE_SUB_CRQ:
        yield HELD
    if opcode in (Hcall.H_SEND_CRQ, Hcall.H_ENABLE_CRQ, *SUB_SENDS) and not view.registered:
        yield f"{call_name(opcode)} while the CRQ is not registered", "H_REG_CRQ first"
    elif opcode == Hcall.H_SEND_CRQ and view.tearing:
        yield "H_SEND_CRQ after H_FREE_CRQ was called and answered busy", "H_FREE_CRQ again"
    elif opcode == Hcall.H_FREE_SUB_CRQ and len(arguments) > 1 and arguments[1] in view.freed:
        yield f"H_FREE_SUB_CRQ of {arguments[1]:#x}, which is freed", "each sub-CRQ is freed once"


@rule(
    "CLI-8",
    on="Called",
    sentence="A CRQ is freed before it is registered again.",
    when="H_REG_CRQ for the second time or later",
    watches="registered last_register",
    calls="H_REG_CRQ",
)
def frees_before_registering(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """One that this client has registered itself."""
    if not isinstance(happening, h.Called) or happening.opcode != Hcall.H_REG_CRQ or not view.registrations:
        return
    yield HELD
    if view.registered:
        yield "H_REG_CRQ while the CRQ is registered", "H_FREE_CRQ first"


@rule(
    "CLI-10",
    on="Called",
    sentence="The queue is mapped whole, aligned, and empty before H_REG_CRQ.",
    when="H_REG_CRQ",
    watches="registered",
    calls="H_REG_CRQ",
    reads=True,
)
def registers_a_good_queue(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Every header byte is looked at."""
    if not isinstance(happening, h.Called) or happening.opcode != Hcall.H_REG_CRQ or len(happening.arguments) < 3:
        return
    yield HELD
    _, ioba, length = happening.arguments[:3]
    if ioba % PAGE_BYTES or length % PAGE_BYTES or not length:
        yield f"a queue at {ioba:#x} of {length} bytes", f"whole pages of {PAGE_BYTES} bytes"
        return
    data = happening.memory(ioba, length)
    if data is None:
        yield f"a queue at {ioba:#x} of {length} bytes, which is not mapped whole", "memory that is mapped for DMA"
    elif any(data[::ELEMENT_BYTES]):
        at = next(at for at in range(0, length, ELEMENT_BYTES) if data[at])
        yield f"header {data[at]:#04x} at offset {at} of the queue", "header bytes that are 0"


@rule(
    "CLI-10",
    on="Called",
    sentence="H_RESOURCE is answered by H_FREE_CRQ and one more H_REG_CRQ.",
    when="the call after H_REG_CRQ was answered H_RESOURCE",
    watches="resources last_register",
)
def frees_what_a_kexec_left(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """The first time in an attempt; a second one ends the attempt."""
    if not isinstance(happening, h.Called) or view.last_register != (Rc.H_RESOURCE, 0) or view.resources != 1:
        return
    yield HELD
    if happening.opcode in (Hcall.H_REG_CRQ, Hcall.H_SEND_CRQ, Hcall.H_ENABLE_CRQ):
        yield f"{call_name(happening.opcode)} after H_REG_CRQ was answered H_RESOURCE", "H_FREE_CRQ"


@rule(
    "CLI-10",
    on="Called",
    sentence="H_CLOSED from H_REG_CRQ means registered.",
    when="a call right after H_REG_CRQ was answered H_CLOSED",
    watches="last_register greeted excused owed orders",
)
def takes_closed_for_registered(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A client that frees the queue at once has taken it for a failure."""
    if not isinstance(happening, h.Called) or view.last_register is None or not view.registered:
        return
    if view.last_register[0] != Rc.H_CLOSED or view.greeted or view.excused or view.owed or view.orders:
        return
    yield HELD
    if happening.opcode in (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ):
        yield (
            f"{call_name(happening.opcode)} after H_REG_CRQ was answered H_CLOSED, and nothing else",
            "going on, registered",
        )


@rule(
    "CLI-10",
    "CLI-11",
    on="Idled",
    sentence="After registering the interrupt is enabled, and what came before is found.",
    when="the client is idle with its CRQ registered",
    watches="registered signal signalled early tearing",
)
def looks_after_enabling(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Judged when the client says that it has nothing to do."""
    if not isinstance(happening, h.Idled) or not view.registered or view.tearing or view.busy is not None:
        return
    yield HELD
    if not view.signalled:
        yield "idle after H_REG_CRQ, and the interrupt was never enabled", "H_VIO_SIGNAL, and a look at the queue"
    elif view.signal and view.early and happening.unread:
        yield (
            f"idle with {happening.unread} elements in the queue that came before the interrupt was enabled",
            "reading them",
        )


@rule(
    "CLI-11",
    on="Consumed",
    sentence="Elements are handled in order.",
    when="an element is consumed",
    watches="registered",
)
def consumes_in_order(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A header that is cleared while an earlier one is not."""
    if not isinstance(happening, h.Consumed):
        return
    yield HELD
    if happening.skipped:
        yield f"element {happening.data[:2].hex()} was consumed before an earlier one", "elements in order"


@rule(
    "CLI-13",
    on="Called",
    sentence="At one instant there are at most `burst` calls.",
    when="two calls at one instant",
    watches="calls_now profile",
)
def makes_no_burst(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Said once at each instant."""
    if isinstance(happening, h.Called):
        count = view.calls_now + 1 if happening.now == view.now else 1
        if count > 1:
            yield HELD
        if count == view.profile.burst + 1:
            yield f"the {count}th call at {happening.now} ms", f"{view.profile.burst} calls"


@rule(
    "CLI-13",
    on="Called",
    sentence="A call that fails is repeated at most `retries` times a second.",
    when="a call that failed within the last second is repeated",
    watches="failing profile",
)
def repeats_with_pauses(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """H_CLOSED, H_DROPPED, busy codes and errors."""
    if isinstance(happening, h.Called):
        times = view.failing.get(view.equal_call(happening.opcode, happening.arguments), ())
        recent = [time for time in times if time > happening.now - 1_000]
        if recent:
            yield HELD
        if len(recent) == view.profile.retries:
            yield f"{call_name(happening.opcode)} once more after {len(recent)} failures within 1 s", "a pause"


@rule(
    "CLI-14",
    on="Called Idled",
    sentence="A busy code is followed by the same call again.",
    when="the client calls or is idle after a busy code",
    watches="busy causes profile",
)
def repeats_what_is_busy(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """What breaks the procedure off (an event, INIT, the user) breaks this off, too."""
    if view.busy is None:
        return
    yield HELD
    opcode, arguments, since, causes = view.busy
    name = call_name(opcode)
    if isinstance(happening, h.Called):
        same = (happening.opcode, happening.arguments) == (opcode, arguments)
        if same and happening.now - since > view.profile.busy_ms:
            yield f"{name} for {happening.now - since} ms", f"giving up after {view.profile.busy_ms} ms"
        elif not same and opcode in _QUEUE_CALLS and happening.opcode in _REGISTER_OR_SEND and causes == view.causes:
            yield f"{call_name(happening.opcode)} after {name} was answered busy", f"{name} again"
    elif isinstance(happening, h.Idled) and happening.until is None and causes == view.causes and not view.removed:
        yield f"idle without end after {name} was answered busy", f"{name} again"


@rule(
    "CLI-15",
    on="Called Idled",
    sentence="Elements that nobody awaits change nothing.",
    when="the client calls or is idle right after an element that nobody awaits",
    watches="noise_at",
)
def is_not_moved_by_noise(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """In a session in which nothing is under way."""
    if view.noise_at != happening.now:
        return
    yield HELD
    if isinstance(happening, h.Called) and happening.opcode in (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ, Hcall.H_ENABLE_CRQ):
        yield f"{call_name(happening.opcode)} after an element that nobody awaited", "going on as before"


@rule(
    "CLI-7",
    on="Called",
    sentence="After three failures in a row there is a pause.",
    when="H_REG_CRQ after three attempts for which nothing but the client gave a reason",
    watches="own_attempts",
    calls="H_REG_CRQ",
)
def backs_off(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Registrations for which nothing outside gave a reason."""
    if isinstance(happening, h.Called) and happening.opcode == Hcall.H_REG_CRQ:
        if len(view.own_attempts) >= _ATTEMPTS:
            yield HELD
        recent = [time for time in view.own_attempts if time > happening.now - _STORM_MS]
        if len(recent) >= _STORM:
            yield f"{len(recent) + 1} attempts of its own within {_STORM_MS} ms", "a back-off after three failures"

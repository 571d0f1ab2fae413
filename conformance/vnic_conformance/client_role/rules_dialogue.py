"""Rules of the dialogue: DLG-1 to DLG-9, CLI-9."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.login_buffers import problem_of_request
from vnic_conformance.client_role.rule import HELD, Finding, rule
from vnic_conformance.client_role.rules_events import call_name, element_name, sent_element
from vnic_conformance.client_role.view import BACK_OFF_MS, NEGOTIATION, SUB_SENDS, View
from vnic_spec.layouts import (
    COMMANDS,
    HEADER_REQUIREMENT_BYTE,
    NEEDED_REQUESTS,
    REQUESTS,
    RX_ADD,
    TX_BY_TYPE,
    TX_DESCRIPTOR,
    answer_key,
)
from vnic_spec.wire import (
    MAX_INDIRECT,
    RESPONSE_BIT,
    Capability,
    Command,
    CommandRc,
    Hcall,
    Header,
    SubType,
)

_VLAN_TAG: Final = 4
_LARGE_SEND: Final = 0x20
#: Attempts that may fail in a row before there is a back-off (CLI-7).
_ATTEMPTS: Final = 3


def _command(view: View, happening: h.Happening) -> bytes | None:
    """A command that is sent in a dialogue that has not ended; None otherwise."""
    element = sent_element(happening)
    return element if element is not None and element[0] == Header.COMMAND and not view.owed else None


@rule(
    "DLG-1",
    on="Called",
    sentence="Elements have the layouts of the protocol, reserved bytes are 0.",
    when="an element is sent",
    watches="registered",
    calls="H_SEND_CRQ",
)
def sends_well_formed_elements(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Commands on the CRQ, and initialisation."""
    element = sent_element(happening)
    if element is None:
        return
    yield HELD
    if element[0] == Header.INITIALIZATION:
        if element[1] not in (1, 2) or any(element[2:]):
            yield f"element {element.hex()}", "INIT or INIT_COMPLETE, bytes 2 to 15 zero"
        return
    entry = COMMANDS.get(element[1])
    if element[0] != Header.COMMAND or element[1] & RESPONSE_BIT or entry is None or entry.by_server:
        yield f"element {element.hex()}", "a command that a client sends"
        return
    wrong = [at for at in entry.request.reserved() if element[at]]
    if wrong:
        yield f"{entry.request.name} with byte {wrong[0]} set to {element[wrong[0]]:#04x}", "reserved bytes that are 0"


@rule(
    "DLG-2",
    on="Called",
    sentence="Version first; capabilities and offload, then LOGIN, then all else.",
    when="a command is sent",
    watches="dialogue version login",
    calls="H_SEND_CRQ",
)
def keeps_the_order(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Each step by what has been answered."""
    element = _command(view, happening)
    entry = COMMANDS.get(element[1]) if element is not None else None
    if element is None or entry is None:
        return
    yield HELD
    name = element_name(element)
    if not view.dialogue:
        yield f"{name} before INIT was exchanged", "INIT, and INIT_COMPLETE"
    elif not view.version and entry.command != Command.VERSION_EXCHANGE:
        yield f"{name} before the version was agreed on", str(Command.VERSION_EXCHANGE)
    elif not entry.before_login and view.login in ("none", "sent", "refused"):
        yield f"{name} before LOGIN_RSP with rc 0", "capabilities, offload and LOGIN"
    elif entry.command == Command.LOGIN:
        missing = [number for number in NEEDED_REQUESTS if number not in view.granted]
        if missing:
            yield f"LOGIN before {Capability(missing[0])} was agreed on", "capabilities first"


@rule(
    "DLG-3",
    on="Called",
    sentence="Of each command at most one is outstanding, save those that the answer tells apart.",
    when="a command is sent while another is not answered",
    watches="pending",
    calls="H_SEND_CRQ",
)
def asks_one_at_a_time(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """An answer that was lost leaves its command outstanding for all of the registration."""
    element = _command(view, happening)
    if element is None:
        return
    if view.pending:
        yield HELD
    if answer_key(element) in view.pending:
        _, since = view.pending[answer_key(element)]
        yield f"{element_name(element)} while one of {since} ms is not answered", "its answer, or another registration"


@rule(
    "DLG-4",
    "CLI-4",
    on="Called",
    sentence="What is requested lies between what this server said in this registration.",
    when="REQUEST_CAPABILITY",
    watches="told partial",
    calls="H_SEND_CRQ",
)
def requests_within_what_was_told(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A number that was granted in part is taken as it is."""
    element = _command(view, happening)
    if element is None or element[1] != Command.REQUEST_CAPABILITY:
        return
    yield HELD
    values = COMMANDS[Command.REQUEST_CAPABILITY].request.unpack(element)
    entry, number = REQUESTS.get(values["capability"]), values["number"]
    if entry is None:
        yield f"REQUEST_CAPABILITY {values['capability']}", "a capability that can be requested"
        return
    granted = view.partial.get(entry.capability)
    if granted is not None:
        if number != granted:
            yield f"{entry.capability} {number} after PartialSuccess with {granted}", f"{granted}"
        return
    low = entry.floor if entry.least is None else view.told.get(entry.least, 0)
    high = view.told.get(entry.most) if entry.most is not None else 1
    if number < low or (high is not None and number > high):
        yield f"{entry.capability} {number}", f"{low} to {'any' if high is None else high}, as this server said"


@rule(
    "DLG-4",
    on="Called",
    sentence="At most `rounds` rounds of requests.",
    when="a capability is requested once more",
    watches="rounds requested profile",
    calls="H_SEND_CRQ",
)
def requests_in_few_rounds(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A round begins when something is requested once more."""
    element = _command(view, happening)
    if element is None or element[1] != Command.REQUEST_CAPABILITY:
        return
    capability = COMMANDS[Command.REQUEST_CAPABILITY].request.number(element, "capability")
    if capability not in view.requested:
        return
    yield HELD
    if view.rounds >= view.profile.rounds:
        yield f"round {view.rounds + 1} of capability requests", f"{view.profile.rounds} rounds"


@rule(
    "DLG-4",
    on="Called",
    sentence="The next step begins when every answer has come.",
    when="a step of the negotiation, a sub-CRQ or LOGIN",
    watches="pending",
    calls="H_SEND_CRQ H_REG_SUB_CRQ",
)
def waits_for_every_answer(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Of the negotiation: version, queries, requests, offload."""
    if not isinstance(happening, h.Called) or view.owed or not view.registered:
        return
    element = _command(view, happening)
    step = element[1] if element is not None else None
    waiting = [key[0] for key in view.pending if key[0] in NEGOTIATION and key[0] != step]
    if happening.opcode != Hcall.H_REG_SUB_CRQ and step not in (*NEGOTIATION, Command.LOGIN):
        return
    yield HELD
    if waiting:
        came = call_name(happening.opcode) if element is None else element_name(element)
        yield f"{came} while {Command(waiting[0])} is not answered", "the answer, or another attempt"


@rule(
    "DLG-5",
    on="Called",
    sentence="LOGIN is sent with buffers that are mapped and well-formed.",
    when="LOGIN",
    watches="sub_crqs granted",
    calls="H_SEND_CRQ",
    reads=True,
)
def logs_in_with_good_buffers(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """The handles in it are those of its own live sub-CRQs."""
    element = _command(view, happening)
    if element is None or element[1] != Command.LOGIN or not isinstance(happening, h.Called):
        return
    yield HELD
    agreed = (view.granted.get(Capability.REQ_TX_QUEUES), view.granted.get(Capability.REQ_RX_QUEUES))
    problem = problem_of_request(element, happening.memory, view.sub_crqs, agreed)
    if problem:
        yield f"LOGIN with {problem}", "a request as protocol.md 3.4 has it"


@rule(
    "DLG-5",
    on="Called",
    sentence="After a refused login the client does what its code asks for.",
    when="a call after LOGIN was refused",
    watches="login login_rc login_at logins_here renegotiated failed_logins profile",
)
def heeds_a_refused_login(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Aborted: a pause. PartialSuccess: negotiate again. Anything else: register again. Then a back-off."""
    if view.login == "refused":
        yield HELD
    element = _command(view, happening)
    if element is None:
        return
    if view.login == "refused":
        if view.login_rc == CommandRc.ABORTED:
            if element[1] == Command.LOGIN and happening.now == view.login_at:
                yield "LOGIN right after it was answered Aborted", "a pause"
        elif view.login_rc == CommandRc.PARTIAL_SUCCESS:
            if element[1] == Command.LOGIN and not view.renegotiated:
                yield "LOGIN after PartialSuccess", "capabilities first"
        else:
            yield f"{element_name(element)} after LOGIN was answered {view.login_rc}", "H_FREE_CRQ and H_REG_CRQ"
    if element[1] != Command.LOGIN:
        return
    most = view.profile.logins
    if view.logins_here >= most and view.login != "ok":
        yield f"login {view.logins_here + 1} in one registration", f"{most}, then another attempt"
    elif view.failed_logins >= _ATTEMPTS * most and happening.now < view.login_at + BACK_OFF_MS:
        yield f"login {view.failed_logins + 1} in a row", f"{_ATTEMPTS} attempts of {most} each, then a back-off"


@rule(
    "DLG-6",
    "CLI-9",
    on="Called",
    sentence="A login response that is not whole and consistent is not used.",
    when="a call after a login response that cannot be used",
    watches="login problem",
)
def uses_good_login_responses(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Nothing but taking the session down, and another attempt, follows a bad one."""
    if view.login != "bad" or not isinstance(happening, h.Called):
        return
    yield HELD
    element = sent_element(happening)
    if happening.opcode in SUB_SENDS or (element is not None and element[0] == Header.COMMAND):
        came = call_name(happening.opcode) if element is None else element_name(element)
        yield f"{came} after a login response with {view.problem}", "a failed login: H_FREE_CRQ and H_REG_CRQ"


@rule(
    "DLG-7",
    on="Called",
    sentence="Maps are of memory that is mapped for DMA, and have ids of their own.",
    when="REQUEST_MAP or REQUEST_UNMAP",
    watches="maps asked_maps",
    calls="H_SEND_CRQ",
    reads=True,
)
def maps_what_there_is(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """REQUEST_UNMAP is for maps of this session."""
    element = _command(view, happening)
    if element is None or not isinstance(happening, h.Called):
        return
    if element[1] in (Command.REQUEST_MAP, Command.REQUEST_UNMAP):
        yield HELD
    if element[1] == Command.REQUEST_UNMAP:
        number = COMMANDS[Command.REQUEST_UNMAP].request.number(element, "map_id")
        if number not in view.maps and number not in view.asked_maps:
            yield f"REQUEST_UNMAP {number}", "map ids of this session"
    if element[1] != Command.REQUEST_MAP:
        return
    values = COMMANDS[Command.REQUEST_MAP].request.unpack(element)
    if values["map_id"] in view.maps or values["map_id"] in view.asked_maps:
        yield f"REQUEST_MAP {values['map_id']}, which is in use", "an id that is not in use"
    # The ends are looked at, for the whole may have megabytes.
    edges = (values["ioba"], values["ioba"] + max(0, values["length"] - 1))
    if not values["length"] or any(happening.memory(at, 1) is None for at in edges):
        yield f"REQUEST_MAP of {values['length']} bytes at {values['ioba']:#x}, not mapped for DMA", "mapped memory"


def handed_over(view: View, happening: h.Happening) -> tuple[int, list[bytes]] | None:
    """Handle and descriptors of a send in a session that the client may use."""
    if not isinstance(happening, h.Called) or happening.opcode not in SUB_SENDS or not view.logged_in:
        return None
    found = view.descriptors_of(happening)
    return None if found is None else (happening.arguments[1], found)


@rule(
    "DLG-7",
    on="Called",
    sentence="A descriptor names a map of this session, and lies inside it.",
    when="a frame or a buffer is handed over",
    watches="maps",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def names_live_maps(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Frames and buffers."""
    found = handed_over(view, happening)
    for data in [] if found is None else found[1]:
        if found is not None and found[0] in view.rx_handles:
            layout = RX_ADD
        elif data[1] == SubType.TX:
            layout = TX_DESCRIPTOR
        else:
            continue
        yield HELD
        values = layout.unpack(data)
        place = view.maps.get(values["map_id"])
        if place is None:
            yield f"a {layout.name} with map id {values['map_id']}", f"map ids {sorted(view.maps)}"
        elif values["ioba"] < place[0] or values["ioba"] + values["length"] > place[0] + place[1]:
            yield (
                f"a {layout.name} of {values['length']} bytes at {values['ioba']:#x} with map id {values['map_id']}",
                f"inside {place[0]:#x} to {place[0] + place[1]:#x}",
            )


@rule(
    "DLG-1",
    "DLG-8",
    on="Called",
    sentence="Descriptors have the layouts of the protocol.",
    when="descriptors are sent",
    watches="tx_handles rx_handles",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def sends_well_formed_descriptors(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Header, type, and reserved bytes of those that have any."""
    found = handed_over(view, happening)
    for data in [] if found is None else found[1]:
        yield HELD
        layout = RX_ADD if found is not None and found[0] in view.rx_handles else TX_BY_TYPE.get(data[1])
        if data[0] != Header.COMMAND or layout is None:
            yield f"descriptor {data[:8].hex()}", "header 80, and a type that there is"
            continue
        wrong = [at for at in layout.reserved() if data[at]]
        if wrong:
            yield f"a {layout.name} with byte {wrong[0]} set to {data[wrong[0]]:#04x}", "reserved bytes that are 0"


@rule(
    "DLG-8",
    on="Called",
    sentence="A frame has the descriptors that it says, no more bytes than agreed on, and the headers that are wanted.",
    when="a frame is sent",
    watches="granted told in_flight",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def sends_frames_as_negotiated(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """And a correlator that is not in flight."""
    found = handed_over(view, happening)
    if found is None or found[0] not in view.tx_handles:
        return
    yield HELD
    handle, descriptors = found
    starts = [at for at, data in enumerate(descriptors) if data[1] == SubType.TX]
    if not starts or starts[0]:
        yield f"descriptors of type {descriptors[0][1]:#04x} without a frame", "a transmit descriptor first"
        return
    seen: set[int] = set()
    longest = view.granted.get(Capability.REQ_MTU, 0) + _VLAN_TAG
    wanted = view.told.get(Capability.TX_RX_DESC_REQ, 0).to_bytes(8, "big")[HEADER_REQUIREMENT_BYTE["plain"]] & 0x80
    for first, end in zip(starts, [*starts[1:], len(descriptors)], strict=True):
        values = TX_DESCRIPTOR.unpack(descriptors[first])
        if values["elements"] != end - first:
            yield f"a frame that says {values['elements']} descriptors and has {end - first}", "as many as it says"
        if values["length"] > longest and not values["flags1"] & _LARGE_SEND:
            yield f"a frame of {values['length']} bytes", f"{longest} bytes"
        if (handle, values["correlator"]) in view.in_flight or values["correlator"] in seen:
            yield f"correlator {values['correlator']:#x}, which is in flight", "one that is not"
        seen.add(values["correlator"])
        headers = sum(data[1] == SubType.TX_HEADER for data in descriptors[first:end])
        if wanted and not headers:
            yield "a frame without header descriptors", "header descriptors, as capability 33 says"


@rule(
    "DLG-8",
    on="Called",
    sentence="An indirect send has as many elements as the platform takes now.",
    when="H_SEND_SUB_CRQ_INDIRECT",
    watches="too_many",
    calls="H_SEND_SUB_CRQ_INDIRECT",
)
def keeps_the_indirect_limit(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """There is no query for it: H_PARAMETER to more than 16 says that it is 16."""
    if not isinstance(happening, h.Called) or happening.opcode != Hcall.H_SEND_SUB_CRQ_INDIRECT or view.owed:
        return
    yield HELD
    count = happening.arguments[3] if len(happening.arguments) > 3 else 0
    if not 1 <= count <= MAX_INDIRECT:
        yield f"an indirect send of {count} elements", f"1 to {MAX_INDIRECT}"
    elif count > 16 and view.too_many > 2 * (len(view.tx_handles) + len(view.rx_handles)):
        yield f"an indirect send of {count} elements after {view.too_many} were refused", "16"


@rule(
    "DLG-9",
    on="Called",
    sentence="A buffer is given once until it comes back.",
    when="a buffer is given to a server",
    watches="lent rx_handles",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def lends_a_buffer_once(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """By its correlator and by its address; it is as long as the server asked."""
    found = handed_over(view, happening)
    if found is None or found[0] not in view.rx_handles:
        return
    yield HELD
    handle, descriptors = found
    out = set(view.lent.values())
    for data in descriptors:
        values = RX_ADD.unpack(data)
        if (handle, values["correlator"]) in view.lent:
            yield f"correlator {values['correlator']:#x}, which is lent", "one that is not"
        if values["ioba"] in out:
            yield f"a buffer at {values['ioba']:#x}, which is lent", "a buffer that came back"
        if values["length"] < view.rx_handles[handle]:
            yield f"a buffer of {values['length']} bytes", f"{view.rx_handles[handle]} bytes, as the server said"
        out.add(values["ioba"])


@rule(
    "DLG-9",
    on="Looked",
    sentence="Only what came rightly is delivered.",
    when="a frame comes to the user",
    watches="arrived",
)
def delivers_what_arrived(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Each frame as often as it came."""
    if isinstance(happening, h.Looked):
        for frame in set(happening.received):
            yield HELD
            count = happening.received.count(frame)
            if count > view.arrived[frame]:
                yield f"a frame {frame[:14].hex()} {count} times", f"{view.arrived[frame]} times, as it came"


@rule(
    "DLG-8",
    on="Sent",
    sentence="A frame that was in flight when a session ended is given up, and not sent again.",
    when="a frame of the user's leaves",
    watches="user_frames sent_frames",
)
def sends_a_frame_once(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Frames of the user leave at most as often as he has sent them."""
    if isinstance(happening, h.Sent) and happening.frame in view.user_frames:
        yield HELD
        times = view.sent_frames[happening.frame] + 1
        if times > view.user_frames[happening.frame]:
            yield f"a frame that leaves {times} times", f"{view.user_frames[happening.frame]}, as the user sent it"

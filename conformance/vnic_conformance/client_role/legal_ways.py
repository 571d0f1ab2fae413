"""What hypervisor and servers may do, and a client has to cope with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vnic_conformance.client_role.deviations import AnswerHook, CallHook, Deviation, SettingsHook, enter
from vnic_conformance.client_role.login_buffers import in_order
from vnic_conformance.client_role.server_settings import ServerSettings
from vnic_spec.layouts import COMMANDS, RX_COMPLETION, command_layout
from vnic_spec.wire import (
    MAX_INDIRECT_OLD,
    RETURN_CODE_AT,
    Capability,
    Command,
    CommandRc,
    Hcall,
    InitFormat,
    Rc,
    from_words,
)

BUSY = (
    Rc.H_BUSY, Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_10_MS, Rc.H_LONG_BUSY_100_MS, Rc.H_LONG_BUSY_1_S,
    Rc.H_LONG_BUSY_10_S, Rc.H_LONG_BUSY_100_S,
)  # fmt: skip
#: Calls that LoPAR lets answer busy (CRQ-14).
MAY_BE_BUSY = (
    Hcall.H_REG_CRQ, Hcall.H_FREE_CRQ, Hcall.H_ENABLE_CRQ, Hcall.H_REG_SUB_CRQ, Hcall.H_FREE_SUB_CRQ, Hcall.H_VIOCTL,
)  # fmt: skip


def code(*opcodes: int, rc: int) -> CallHook:
    """Answer these calls with a code, and do nothing."""
    return lambda opcode, arguments: (rc,) if opcode in opcodes else None


def code_of_send(rc: int, test: Callable[[bytes], bool]) -> CallHook:
    """Answer H_SEND_CRQ of some elements with a code, and do nothing."""

    def hook(opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...] | None:
        return (rc,) if opcode == Hcall.H_SEND_CRQ and test(from_words(*arguments[1:3])) else None

    return hook


def is_init(element: bytes) -> bool:
    """Whether it is INIT."""
    return element[:2] == bytes((0xC0, InitFormat.INIT))


def is_command(element: bytes) -> bool:
    """Whether it is a command."""
    return element[0] == 0x80


def refused(command: Command, rc: int, **fields: int) -> AnswerHook:
    """Answer a command with a return code, and other fields."""

    def hook(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
        if asked[1] != command:
            return None
        layout = command_layout(answer)
        assert layout is not None
        return [(0, layout.replace(answer, rc=rc, **fields))]

    return hook


def late(command: Command, ms: int) -> AnswerHook:
    """Answer a command late."""
    return lambda asked, answer: [(ms, answer)] if asked[1] == command else None


def lost(command: Command) -> AnswerHook:
    """Answer a command never."""
    return lambda asked, answer: [] if asked[1] == command else None


def _partial(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
    """Grant half of what is requested, if the server's own limit allows so little."""
    layout = COMMANDS[Command.REQUEST_CAPABILITY].response
    assert layout is not None
    number = layout.number(asked, "number")
    if asked[1] != Command.REQUEST_CAPABILITY or number < 2 or layout.number(asked, "capability") not in _HALVED:
        return None
    return [(0, layout.replace(answer, rc=CommandRc.PARTIAL_SUCCESS, number=max(4, number // 2)))]


_HALVED = (Capability.REQ_TX_ENTRIES, Capability.REQ_RX_ADD_ENTRIES)


def settings(**capabilities: int) -> SettingsHook:
    """A server with other answers to queries, by the names of the capabilities."""
    others: dict[int, int] = {Capability[name]: value for name, value in capabilities.items()}
    return lambda usual: replace(usual, capabilities={**usual.capabilities, **others})


def _few_at_once(opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...] | None:
    """An older platform refuses what is longer (protocol.md 2.7)."""
    long = opcode == Hcall.H_SEND_SUB_CRQ_INDIRECT and arguments[3:4] > (MAX_INDIRECT_OLD,)
    return (Rc.H_PARAMETER,) if long else None


def _no_least(usual: ServerSettings) -> ServerSettings:
    """Few entries at most; the queries for the least numbers are refused."""
    few = settings(MAX_TX_ENTRIES=8, MAX_RX_ADD_ENTRIES=8, OPT_TX_ENTRIES=8, OPT_RX_ADD_ENTRIES=8)(usual)
    unsaid = (Capability.MIN_TX_ENTRIES, Capability.MIN_RX_ADD_ENTRIES)
    return replace(
        few, capabilities={number: value for number, value in few.capabilities.items() if number not in unsaid}
    )


def _offering(usual: ServerSettings) -> ServerSettings:
    return replace(usual, offloads=frozenset({"ipv4_checksum", "tcp_ipv4_checksum", "large_tx_ipv4"}))


def _legal(name: str, requirement: str, sentence: str, **hooks: object) -> None:
    enter(Deviation(name, requirement, True, sentence, **hooks))  # type: ignore[arg-type]  # hooks by their names


def _serving(name: str, requirement: str, sentence: str, **others: Any) -> None:
    """Servers with other settings, from now on."""
    _legal(name, requirement, sentence, settings=lambda usual: replace(usual, **others), times=None)


for _call in MAY_BE_BUSY:
    for _rc in BUSY:
        _legal(
            f"{_call.name.lower()}_{_rc.name[2:].lower()}",
            "CLI-14",
            f"{_call} is answered {_rc} three times.",
            call=code(_call, rc=_rc),
            times=3,
        )
_legal("reg_crq_resource", "CLI-10", "H_REG_CRQ: H_RESOURCE, as after a kexec.", call=code(Hcall.H_REG_CRQ, rc=-16))
_legal("enable_in_progress", "CLI-3", "H_ENABLE_CRQ: H_IN_PROGRESS.", call=code(Hcall.H_ENABLE_CRQ, rc=14), times=5)
for _rc in (Rc.H_HARDWARE, Rc.H_NOT_FOUND, Rc.H_PARAMETER):
    _legal(
        f"reg_crq_{_rc.name[2:].lower()}", "CLI-10", f"H_REG_CRQ is answered {_rc}.", call=code(Hcall.H_REG_CRQ, rc=_rc)
    )
_legal("reg_sub_crq_resource", "DLG-5", "No more sub-CRQs.", call=code(Hcall.H_REG_SUB_CRQ, rc=Rc.H_RESOURCE))
_legal("init_closed", "CLI-7", "INIT: H_CLOSED, ten times.", call=code_of_send(Rc.H_CLOSED, is_init), times=10)
_legal("init_dropped", "CLI-7", "INIT: H_DROPPED, once.", call=code_of_send(Rc.H_DROPPED, is_init))
_legal("command_closed", "CLI-7", "A command: H_CLOSED, once.", call=code_of_send(Rc.H_CLOSED, is_command))
_legal("command_dropped", "CLI-7", "A command: H_DROPPED, once.", call=code_of_send(Rc.H_DROPPED, is_command))
_legal("frames_full", "DLG-11", "No room for frames: H_DROPPED, three times.", full=lambda frames: frames, times=3)
_legal("buffers_full", "DLG-9", "No room for buffers: H_DROPPED, for long.", full=lambda frames: not frames, times=None)
_legal("descriptors_dropped", "DLG-9", "Buffers: H_DROPPED.", call=code(Hcall.H_SEND_SUB_CRQ_INDIRECT, rc=-12), times=3)
_legal("older_platform", "DLG-8", "Indirect sends of 16 elements at most.", call=_few_at_once, times=None, well=True)
_legal(
    "token_not_found",
    "CLI-19",
    "No token.",
    call=lambda op, a: (-7,) if op == Hcall.H_VIOCTL and a[1] == 0x19 else None,
)
for _rc in (Rc.H_STATE, Rc.H_CONSTRAINED, Rc.H_PARAMETER):
    _legal(
        f"complaint_{_rc.name[2:].lower()}",
        "CLI-19",
        f"A complaint is answered {_rc}.",
        call=lambda op, a, rc=_rc: (rc,) if op == Hcall.H_VIOCTL and a[1] == 0x1A else None,
    )
_legal(
    "complaint_always_busy",
    "CLI-18",
    "A complaint is answered H_BUSY, each time.",
    call=lambda op, a: (Rc.H_BUSY,) if op == Hcall.H_VIOCTL and a[1] in (0x19, 0x1A) else None,
    times=None,
)
for _command in (
    Command.VERSION_EXCHANGE, Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY, Command.QUERY_IP_OFFLOAD,
    Command.CONTROL_IP_OFFLOAD, Command.LOGIN, Command.CHANGE_MAC_ADDR, Command.GET_VPD_SIZE, Command.GET_VPD,
    Command.REQUEST_MAP, Command.LOGICAL_LINK_STATE, Command.MULTICAST_CTRL,
):  # fmt: skip
    _name = _command.name.lower()
    _legal(f"lost_{_name}", "CLI-7", f"One answer to {_command} is lost.", answer=lost(_command))
    _legal(f"late_{_name}", "CLI-7", f"One answer to {_command} comes after 5 s.", answer=late(_command, 5_000))
for _command in (Command.VERSION_EXCHANGE, Command.REQUEST_MAP, Command.LOGICAL_LINK_STATE, Command.REQUEST_CAPABILITY):
    _legal(
        f"refused_{_command.name.lower()}",
        "CLI-7",
        f"{_command} is answered NoMemory, once.",
        answer=refused(_command, CommandRc.NO_MEMORY),
    )
_legal(
    "version_always_refused",
    "CLI-7",
    f"{Command.VERSION_EXCHANGE} is answered NoMemory, each time.",
    answer=refused(Command.VERSION_EXCHANGE, CommandRc.NO_MEMORY),
    times=None,
)
_legal("held", "CLI-10", "After H_FREE_CRQ the client is held for half a second.", hold_ms=500)
_legal("unsupported_query", "DLG-4", "One query: unsupported.", answer=refused(Command.QUERY_CAPABILITY, 10, number=0))
_legal("mac_refused", "DLG-10", "CHANGE_MAC_ADDR is refused.", answer=refused(Command.CHANGE_MAC_ADDR, 2))
_legal(
    "mac_of_its_own",
    "DLG-10",
    "CHANGE_MAC_ADDR is refused, and another MAC is said to be in force.",
    answer=refused(Command.CHANGE_MAC_ADDR, 2, mac=0x0200_C0FF_EE77),
)
_legal("partial_capability", "DLG-4", "Half of the entries are granted.", answer=_partial, times=2)
_legal("login_aborted", "DLG-5", "LOGIN: Aborted, twice.", answer=refused(Command.LOGIN, CommandRc.ABORTED), times=2)
_legal(
    "login_always_aborted",
    "DLG-5",
    "LOGIN: Aborted, each time.",
    answer=refused(Command.LOGIN, CommandRc.ABORTED),
    times=None,
)
_legal(
    "login_partial", "DLG-5", "LOGIN: PartialSuccess, once.", answer=refused(Command.LOGIN, CommandRc.PARTIAL_SUCCESS)
)
_legal(
    "login_always_partial",
    "DLG-5",
    "LOGIN: PartialSuccess, each time.",
    answer=refused(Command.LOGIN, CommandRc.PARTIAL_SUCCESS),
    times=None,
)
_legal("login_state", "DLG-5", "LOGIN: InvalidState, once.", answer=refused(Command.LOGIN, CommandRc.INVALID_STATE))
_legal("login_late_beyond", "DLG-5", "LOGIN is answered after 25 s.", answer=late(Command.LOGIN, 25_000))
_legal("link_partial", "DLG-10", "LOGICAL_LINK_STATE: PartialSuccess.", answer=refused(Command.LOGICAL_LINK_STATE, 1))
_legal(
    "more_queues", "DLG-10", "Four queues.", settings=settings(OPT_TX_COMP_QUEUES=4, OPT_RX_COMP_QUEUES=4), times=None
)
_legal(
    "one_queue", "DLG-10", "One queue of each kind.", settings=settings(MAX_TX_QUEUES=1, MAX_RX_QUEUES=1), times=None
)
_legal(
    "few_entries",
    "DLG-10",
    "Eight entries at most.",
    settings=settings(MAX_TX_ENTRIES=8, MAX_RX_ADD_ENTRIES=8, OPT_TX_ENTRIES=8, OPT_RX_ADD_ENTRIES=8),
    times=None,
)
_legal(
    "many_entries",
    "DLG-10",
    "512 entries.",
    settings=settings(MAX_TX_ENTRIES=512, MAX_RX_ADD_ENTRIES=512, OPT_TX_ENTRIES=512, OPT_RX_ADD_ENTRIES=512),
    times=None,
)
_legal(
    "many_at_least",
    "DLG-10",
    "Twelve entries at least.",
    settings=settings(MIN_TX_ENTRIES=12, MIN_RX_ADD_ENTRIES=12),
    times=None,
)
_legal(
    "few_and_no_least",
    "DLG-4",
    "Eight entries at most, and how many at least is not said.",
    settings=_no_least,
    times=None,
)
_legal("small_mtu", "DLG-10", "Frames of 1000 bytes at most.", settings=settings(MAX_MTU=1000), times=None)
_legal("no_promiscuous", "DLG-10", "No promiscuous mode.", settings=settings(PROMISC_SUPPORTED=0), times=None)
_legal(
    "header_descriptors", "DLG-8", "Headers as descriptors.", settings=settings(TX_RX_DESC_REQ=0xF0 << 56), times=None
)
_legal("offloads", "DLG-10", "Offloads are offered.", settings=_offering, times=None)
_legal(
    "details_of_codes",
    "DLG-1",
    "Each return code has bytes of detail beside it.",
    answer=lambda asked, answer: [(0, answer[: RETURN_CODE_AT + 1] + b"\1\2\3")],
    times=None,
    well=True,
)
_serving("prompt", "DLG-4", "Answers come inside the call.", prompt=True)
_legal("usual", "DLG-10", "Servers as they usually are.", settings=lambda usual: ServerSettings(), times=None)
_serving("rx_offset", "DLG-9", "Frames begin at an offset.", rx_offset=2)
_legal(
    "rx_aborted",
    "DLG-9",
    "Buffers come back with Aborted, and no frame.",
    rx_completion=lambda right, size: [RX_COMPLETION.replace(right, rc=CommandRc.ABORTED, length=0)],
    times=None,
)
_serving("tx_completions_together", "DLG-8", "Five frames are completed at once.", together=5)
_serving("tx_completions_late", "DLG-8", "Frames are completed after 200 ms.", completion_ms=200)
_serving("tx_completions_out_of_order", "DLG-8", "Every fifth frame is completed 400 ms late.", straggler_ms=400)
_serving("link_late", "CLI-20", "The link is known 500 ms after LOGICAL_LINK_STATE.", link_ms=500)


def _turned(right: bytes) -> bytes:
    return in_order(right, "rx_sizes_at", "rx_adds_at", "tx_submissions_at", "tx_types_at")


_legal(
    "login_tables_turned", "DLG-6", "The tables of the login response stand in another order.", login=_turned, times=9
)

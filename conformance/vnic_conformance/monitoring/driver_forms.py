"""The messages of the Linux driver ibmvnic, of three versions (4.4 SLES, 5.10, 4.18 RHEL) and later patches.

Only shapes of lines, and what each is a witness of. Numbers of the driver (states, reasons of resets) are its own; elements,
commands and return codes are those of :mod:`vnic_spec.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vnic_conformance.monitoring.form import Form, Forms, answer
from vnic_conformance.monitoring.seen import What
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, CommandRc, Event, Header

#: Reasons of resets by number, as the driver's later versions say them.
REASONS: Final[Mapping[int, str]] = dict(
    enumerate(["FAILOVER", "MOBILITY", "FATAL", "NON_FATAL", "TIMEOUT", "CHANGE_PARAM", "PASSIVE_INIT"], 1)
)
#: States of the device by number.
STATES: Final[Mapping[int, str]] = dict(
    enumerate(["PROBING", "PROBED", "OPENING", "OPEN", "CLOSING", "CLOSED", "REMOVING", "REMOVED", "DOWN"], 1)
)
_OK = CommandRc.SUCCESS
_EVENT = bytes((Header.EVENT,))


def _elements() -> tuple[Form, ...]:
    return (
        Form("Sending CRQ: {one:q} {two:q}", What.SENT),
        Form("Handling CRQ: {one:q} {two:q}", What.READ),
        Form("Sending CRQ init", What.DETAIL, "INIT is about to be sent"),
        Form("Partner initialization complete", What.READ, reads=INIT_COMPLETE[:2]),
        Form("Partner initialized", What.READ, reads=INIT[:2]),
        Form("Backing device failover detected", What.READ, reads=_EVENT + bytes((Event.DEVICE_FAILOVER,))),
        Form("Migrated, re-enabling adapter", What.READ, reads=_EVENT + bytes((Event.MIGRATED,))),
        Form("Virtual Adapter failed (rc={event:d})", What.READ, reads=_EVENT),
    )


def _answers() -> tuple[Form, ...]:
    return (
        Form(
            "Partner protocol version is {version:d}",
            What.READ,
            reads=answer(Command.VERSION_EXCHANGE),
            answers=_OK,
        ),
        Form("Error {rc:d} in VERSION_EXCHG_RSP", What.READ, reads=answer(Command.VERSION_EXCHANGE)),
        Form("Error {rc:d} in QUERY_CAP_RSP", What.READ, reads=answer(Command.QUERY_CAPABILITY)),
        Form("Error {rc:d} in QUERY_MAP_RSP", What.READ, reads=answer(Command.QUERY_MAP)),
        Form("Error {rc:d} in REQUEST_UNMAP_RSP", What.READ, reads=answer(Command.REQUEST_UNMAP)),
        Form("Error {rc:d} in CHANGE_MAC_ADDR_RSP", What.READ, reads=answer(Command.CHANGE_MAC_ADDR)),
        Form("Error {rc:d} in request cap rsp", What.READ, reads=answer(Command.REQUEST_CAPABILITY)),
        Form("Got Query IP offload Response", What.READ, reads=answer(Command.QUERY_IP_OFFLOAD)),
        Form("Got Control IP offload Response", What.READ, reads=answer(Command.CONTROL_IP_OFFLOAD)),
        Form("Got Login Response", What.READ, reads=answer(Command.LOGIN)),
        Form(
            "Got Logical Link State Response, state: {state:d} rc: {rc:d}",
            What.READ,
            reads=answer(Command.LOGICAL_LINK_STATE),
        ),
        Form("Got Logical Link State Indication", What.READ, reads=answer(Command.LINK_STATE_INDICATION)),
        Form("Got MAC address change Response", What.READ, reads=answer(Command.CHANGE_MAC_ADDR)),
        Form("Got Error Indication", What.READ, reads=answer(Command.ERROR_INDICATION)),
        Form("Got Statistics Response", What.READ, reads=answer(Command.REQUEST_STATISTICS)),
        Form("Got multicast control Response", What.READ, reads=answer(Command.MULTICAST_CTRL)),
        Form("Got Collect firmware trace Response", What.READ, reads=answer(Command.COLLECT_FW_TRACE)),
        Form(
            "Firmware reports FATAL error, cause: {cause:s}. Starting recovery...",
            What.READ,
            "the server reports a fatal error: {cause}",
            reads=answer(Command.ERROR_INDICATION),
        ),
        Form(
            "Firmware reports error, cause: {cause:s}. Starting recovery...",
            What.READ,
            "the server reports an error: {cause}",
            reads=answer(Command.ERROR_INDICATION),
        ),
        Form("Ignoring unexpected login response", What.IGNORED, "an answer to a login that nobody awaits is ignored"),
        Form(
            "Failover pending, ignoring login response", What.IGNORED, "an answer to a login is ignored, in a failover"
        ),
        Form("FATAL: Inconsistent login and login rsp", What.BAD_LOGIN, "the answer to the login is inconsistent"),
        Form("Got an invalid msg type 0x{header:x}", What.TROUBLE, "an element with the unknown header {header}"),
        Form("Got an invalid cmd type 0x{code:x}", What.TROUBLE, "an unknown command {code}"),
        Form("Unknown crq cmd: {code:d}", What.TROUBLE, "an unknown command {code}"),
        Form("Got invalid cap request rsp {code:d}", What.TROUBLE, "an answer about the unknown capability {code}"),
        Form("Got invalid cap rsp {code:d}", What.TROUBLE, "an answer about the unknown capability {code}"),
        Form(
            "req={wanted:d}, rsp={granted:d} in {name:s} queue, retrying.",
            What.TROUBLE,
            "of {name}, {wanted} asked for, {granted} are granted; negotiated again",
        ),
        Form(
            "mtu of {mtu:d} is not supported. Reverting.",
            What.TROUBLE,
            "the server refuses an MTU of {mtu}",
            bare=True,
        ),
    )


def _details() -> tuple[Form, ...]:
    counted = (
        "Outstanding queries: {n:d}",
        "Outstanding request-caps: {n:d}",
        "{buffer:s}Buffer:",
        "{word:q}",
        "{dump:h}",
        "{offset:x}: {dump:h}",
        "{buffer:s}Buffer: {offset:x}: {dump:h}",
        "page_size = {n:d}",
        "tot_pages = {n:d}",
        "free_pages = {n:d}",
        "{name:w} = {value:x}",
        "{name:w} = {value:d}",
        "page_size = {n:d} tot_pages = {m:d} free_pages = {k:d}",
        "registering irq {irq:x}",
        "sub-crq initialized, num {handle:x}, hw_irq={source:x}, irq={irq:x}",
        "Re-setting tx_scrq[{n:d}]",
        "Re-setting rx_scrq[{n:d}]",
        "Releasing tx_scrq[{n:d}]",
        "Releasing rx_scrq[{n:d}]",
        "Releasing sub-CRQ",
        "Enabling tx_scrq[{n:d}] irq",
        "Enabling rx_scrq[{n:d}] irq",
        "Disabling tx_scrq[{n:d}] irq",
        "Disabling rx_scrq[{n:d}] irq",
        "Initializing rx_pool[{n:d}], {rest:s}",
        "Initializing tx_pool[{n:d}], {rest:s}",
        "Re-setting rx_pool[{n:d}]{rest:s}",
        "Re-setting tx_pool[{n:d}]{rest:s}",
        "Releasing rx_pool[{n:d}]{rest:s}",
        "Releasing tx_pool[{n:d}]{rest:s}",
        "Replenished {n:d} pools",
        "Allocated new LTB{rest:s}",
        "Reusing LTB{rest:s}",
        "LTB size changed{rest:s}",
        "rx buffer returned with rc {rc:x}",
        "IBM Virtual NIC Driver {version:s}",
    )
    return tuple(Form(pattern, What.DETAIL) for pattern in counted)


def _resets() -> tuple[Form, ...]:
    return (
        Form("Scheduling reset (reason {reason:w})", What.RESET_ASKED, "a reset is queued: {reason}"),
        Form(
            "Skipping matching reset, reason={reason:w}",
            What.RESET_SKIPPED,
            "a reset like one queued is left out: {reason}",
        ),
        Form("Skipping matching reset", What.RESET_SKIPPED, "a reset like one queued is left out"),
        Form(
            "Adapter removing or pending failover, skipping reset",
            What.RESET_SKIPPED,
            "a reset is left out: the device goes, or waits for a server",
        ),
        Form("Adapter reset during probe", What.RESET_SKIPPED, "a reset is left out: the device is being probed"),
        Form("Adapter is resetting, skip timeout reset", What.RESET_SKIPPED, "a transmit timeout during a reset"),
        Form("Not yet time to tx timeout.", What.RESET_SKIPPED, "a transmit timeout soon after a reset"),
        Form(
            "Error {rc:d} scheduling failover reset",
            What.RESET_SKIPPED,
            "the reset of a failover cannot be queued: {rc}",
        ),
        Form("Re-setting driver ({reason:w})", What.RESET_BEGINS, "a reset begins: {reason}"),
        Form("Change param resetting driver ({reason:w})", What.RESET_BEGINS, "a reset begins: {reason}"),
        Form("Hard resetting driver ({reason:w})", What.RESET_BEGINS, "a hard reset begins: {reason}"),
        Form("Reset reason {reason:w}, reset_state {state:w}", What.RESET_BEGINS, "a reset begins: {reason}"),
        Form("Reset reason: {reason:w}, reset_state: {state:w}", What.RESET_BEGINS, "a reset begins: {reason}"),
        Form("Open changed state from {state:w}, updating.", What.USER, "the user opened the device during a reset"),
        Form("Reset done, rc {rc:d}", What.RESET_ENDS, "the reset ends with {rc}"),
        Form("Hard reset done, rc {rc:d}", What.RESET_ENDS, "the hard reset ends with {rc}"),
        Form("Reset failed, rc={rc:d}", What.EXPLAINED, "the reset has failed: {rc}"),
        Form("Reset failed", What.EXPLAINED, "the reset has failed"),
        Form("Hard reset failed, waiting 60 secs", What.PAUSE, "the hard reset has failed; a pause of 60 s"),
        Form(
            "Hard reset failed {n:d} times, waiting 60 secs", What.PAUSE, "{n} hard resets have failed; a pause of 60 s"
        ),
        Form("failed {n:d} times, waiting 60 secs", What.PAUSE, "{n} hard resets have failed; a pause of 60 s"),
        Form("Done processing resets", What.RESETS_DONE, "no reset is queued any more"),
        Form("Reset thread timed out on probe", What.TIMED_OUT, "a reset has waited too long for the probe"),
        Form("Reset couldn't initialize crq. rc={rc:d}", What.REGISTERING_FAILED, "the CRQ cannot be registered: {rc}"),
        Form("Couldn't initialize crq. rc={rc:d}", What.REGISTERING_FAILED, "the CRQ cannot be registered: {rc}"),
        Form("Couldn't register crq (rc={rc:r})", What.REGISTERING_FAILED, "the CRQ cannot be registered: {rc}"),
        Form("Reset failed to enable interrupts. rc={rc:d}", What.TROUBLE, "interrupts cannot be enabled: {rc}"),
        Form("Device down!", What.TIMED_OUT, "somebody has waited, and the CRQ is inactive"),
        Form("Operation timed out.", What.TIMED_OUT, "the server has not answered in time"),
        Form("Partner device found, probing.", What.PROBE, "the probe begins anew: a server is there"),
        Form(
            "Probed successfully. Waiting for signal from partner device.",
            What.DEVICE,
            "the device is there, and waits for the server",
        ),
        Form("Initiating client failover, session id {session:x}", What.COMPLAINT, "the user asks for another server"),
        Form("Couldn't retrieve session token, rc {rc:r}", What.TOKEN_REFUSED, "there is no session token: {rc}"),
        Form("Client initiated failover failed, rc {rc:r}", What.COMPLAINT_REFUSED, "the complaint is refused: {rc}"),
        Form("H_VIOCTL initiated failover failed, rc {rc:r}", What.COMPLAINT_REFUSED, "the complaint is refused: {rc}"),
        Form("Trying to send CRQ_CMD, the last resort", What.TROUBLE, "the client resets itself instead"),
    )


def _logins() -> tuple[Form, ...]:
    return (
        Form("Login attempts exceeded", What.LOGIN_FAILED, "the login has been tried too often"),
        Form("Login timed out, retrying...", What.LOGIN_AGAIN, "the login was not answered; tried again"),
        Form("Login aborted, retrying...", What.LOGIN_AGAIN, "the login was aborted; tried again"),
        Form(
            "Received partial success, retrying...", What.LOGIN_AGAIN, "the login succeeded in part; negotiated again"
        ),
        Form("Login timed out", What.LOGIN_FAILED, "the login was not answered"),
        Form("Unable to login", What.LOGIN_FAILED, "the login has failed"),
        Form("Capabilities query timed out", What.TIMED_OUT, "the server has not answered about capabilities in time"),
        Form("Adapter login failed, init_done_rc = {rc:d}", What.LOGIN_FAILED, "the login has failed: {rc}"),
        Form("Adapter login failed", What.LOGIN_FAILED, "the login has failed"),
        Form("Login succeeded", What.LOGIN_OK, "logged in"),
        Form(
            "Freeing and re-registering CRQs before attempting to login again",
            What.LOGIN_AGAIN,
            "the client registers again, to log in once more",
        ),
        Form("login recovery: init CRQ failed {rc:d}", What.TROUBLE, "the dialogue of the next login fails: {rc}"),
        Form("Reset init failed {rc:d}", What.TROUBLE, "the dialogue of the next login fails: {rc}"),
        Form("Couldn't map login buffer", What.TROUBLE, "no DMA for the login"),
        Form("Couldn't map login rsp buffer", What.TROUBLE, "no DMA for the answer to the login"),
        Form("Failed to send login, rc={rc:d}", What.LOGIN_FAILED, "the login cannot be sent: {rc}"),
    )


def _lives() -> tuple[Form, ...]:
    return (
        Form("entering ibmvnic_probe for UA {unit:x}", What.PROBE, "the probe begins", bare=True),
        Form("ibmvnic registered", What.DEVICE, "the device is there"),
        Form("Partner adapter not ready, waiting.", What.CLOSED, "a sub-CRQ is registered, and no server is there"),
        Form("Partner adapter not ready", What.CLOSED, "the CRQ is registered, and no server is there"),
        Form("renamed from {old:w}", What.NAMED, "the interface was called {old}"),
        Form("Releasing CRQ", What.FREED, "the client frees its CRQ"),
        Form("Initialization sequence timed out", What.TIMED_OUT, "the server has not answered INIT in time"),
        Form("CRQ-init failed, passive-init", What.TROUBLE, "an INIT of the server crosses that of the client"),
        Form("CRQ-init failed, {rc:d}", What.TROUBLE, "the dialogue does not begin: error {rc}"),
        Form("Send crq init failed with error {rc:r}", What.SEND_FAILED, "INIT cannot be sent: {rc}"),
        Form("Failed to send init request, rc = {rc:r}", What.SEND_FAILED, "INIT cannot be sent: {rc}"),
        Form("setting link state {state:d}", What.USER, "the client wants link state {state}"),
        Form("Failed to set link state", What.TROUBLE, "the link state cannot be set"),
        Form("timeout setting link state", What.TIMED_OUT, "the server has not answered about the link in time"),
        Form("Unable to set link state, rc={rc:d}", What.TROUBLE, "the link state is not set: {rc}"),
        Form("Resetting, deferring open", What.USER, "the user opens the device; the reset will do it"),
        Form("Closing", What.USER, "the user closes the device"),
        Form("Error {rc:d} opening adapter", What.TROUBLE, "the adapter does not open: {rc}"),
        Form("Error {rc:d} enabling interrupts", What.TROUBLE, "interrupts cannot be enabled: {rc}"),
        Form("Couldn't register irq {irq:x}. rc={rc:d}", What.TROUBLE, "interrupt {irq} cannot be had: {rc}"),
        Form("Error {rc:r} registering sub-crq", What.TROUBLE, "a sub-CRQ cannot be registered: {rc}"),
        Form("Failed to release sub-CRQ {handle:x}, rc = {rc:r}", What.TROUBLE, "a sub-CRQ cannot be freed: {rc}"),
        Form("Long term map request aborted or timed out,rc = {rc:d}", What.TROUBLE, "a map is not granted: {rc}"),
        Form("LTB map request aborted or timed out, rc = {rc:d}", What.TROUBLE, "a map is not granted: {rc}"),
        Form("Couldn't map LTB, rc = {rc:d}", What.TROUBLE, "a map is not granted: {rc}"),
        Form("send_request_map failed, rc = {rc:d}", What.TROUBLE, "a map cannot be asked for: {rc}"),
        *(
            Form(text, What.TROUBLE, "sub-CRQs cannot be had")
            for text in (
                "Initialization of sub crqs failed",
                "Failed to initialize sub crq irqs",
                "SCRQ initialization failed",
                "SCRQ irq initialization failed",
                "Fatal: Couldn't init min number of sub-crqs",
                "Invalid scrq reset.",
            )
        ),
        Form("failed to initialize resources", What.TROUBLE, "resources cannot be had"),
        Form("{before:s}VPD{after:s}", What.TROUBLE, "the vital product data cannot be had"),
    )


def _calls() -> tuple[Form, ...]:
    return (
        Form(
            "Invalid request detected while CRQ is inactive, possible device state change during reset",
            What.REFUSED_HERE,
            "the client keeps back an element: its CRQ is inactive",
        ),
        Form("CRQ Queue closed", What.CLOSED, "H_SEND_CRQ: H_CLOSED"),
        Form("Send error (rc={rc:r})", What.SEND_FAILED, "H_SEND_CRQ: {rc}"),
        Form(
            "{call:w} failed: Send request is malformed or adapter failover pending. (rc={rc:r})",
            What.TROUBLE,
            "{call}: {rc}: there is no session, or not that queue",
        ),
        Form(
            "{call:w} failed: Backing queue closed. Adapter is down or failover pending. (rc={rc:r})",
            What.TROUBLE,
            "{call}: {rc}: no server is there",
        ),
        Form("{call:w} failed: (rc={rc:r})", What.TROUBLE, "{call}: {rc}"),
        Form("tx: send failed", What.TROUBLE, "a frame cannot be sent"),
        Form("rx: replenish packet buffer failed", What.TROUBLE, "a receive buffer cannot be given"),
        Form("tx error {rc:x}", What.TROUBLE, "a frame was not sent: {rc}"),
        Form("Couldn't enable scrq irq {irq:x}. rc={rc:r}", What.TROUBLE, "interrupt {irq} cannot be enabled: {rc}"),
        Form("Couldn't disable scrq irq {irq:x}. rc={rc:r}", What.TROUBLE, "interrupt {irq} cannot be disabled: {rc}"),
        Form("H_EOI FAILED irq {irq:x}. rc={rc:r}", What.TROUBLE, "H_EOI of {irq}: {rc}"),
        Form("Error enabling adapter (rc={rc:r})", What.REGISTERING_FAILED, "H_ENABLE_CRQ: {rc}"),
    )


#: Every form. Where several fit the first one counts, so that those that fit anything stand last.
FORMS: Final = (*_elements(), *_answers(), *_resets(), *_logins(), *_lives(), *_calls(), *_details())
#: The same, to look a message up.
DRIVER: Final = Forms(FORMS)
#: Those that stand without the device's name.
BARE: Final = Forms(form for form in FORMS if form.bare)

"""The adapter protocol: its schema, its messages, and what a reply owes to its request; the page says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.foreign import printable
from vnic_conformance.protocol import rules, schema
from vnic_conformance.protocol.hello import ClaimError, Hello, VersionError, claims_of, profile_of
from vnic_conformance.protocol.messages import (
    FEATURES,
    OPS,
    SYSTEM_FEATURES,
    NotAMessageError,
    Outcome,
    calls,
    decode,
    describe,
    encode,
    from_line,
    to_line,
)
from vnic_spec.profile import PARAMETERS, Crossing, Profile
from vnic_spec.vocabulary import Crq, Status

PAGE = (Path(__file__).parents[2] / "docs" / "adapter-protocol.md").read_text(encoding="utf-8")
SYSTEM_PAGE = (Path(__file__).parents[2] / "docs" / "adapter-protocol-system.md").read_text(encoding="utf-8")

HELLO: dict[str, Any] = {
    "seq": 1,
    "outcome": "done",
    "protocol_major": 1,
    "protocol_minor": 0,
    "implementation": "x",
    "role": "hypervisor",
    "servers": 2,
    "clock": "virtual",
    "quiet_ms": 0,
    "features": "",
}
OBSERVED: dict[str, Any] = {
    "seq": 1,
    "outcome": "done",
    "now": 0,
    "client_crq": "OPEN",
    "auto": 1,
    "selected": "server0",
    "pinned": "",
    "listed": "server0",
    "server0_status": "OPERATIONAL",
    "server0_priority": 50,
    "server0_port": 0,
    "client_queue": "ff08" + "00" * 14,
    "server0_queue": "",
}
OBSERVE = {"seq": 1, "op": "observe"}


def apply(call: str, who: str = "client", **fields: object) -> dict[str, object]:
    return {"seq": 1, "op": "apply", "who": who, "call": call, **fields}


def done(**fields: object) -> dict[str, object]:
    return {"seq": 1, "outcome": "done", **fields}


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        {"seq": 1, "op": "hello", "protocol_major": 1, "protocol_minor": 0, "kit": "x"},
        {"seq": 1, "op": "reset", "servers": 2, "profile_grace": 3, "profile_reopen": "keep", "unpaired": "server1"},
        {"seq": 1, "op": "advance", "ms": 5, "observe": 1},
        {"seq": 1, "op": "settle"},
        {"seq": 1, "op": "bye"},
        apply("reg_crq", address=1, length="0xffffffffffffffff", unit="wrong"),
        apply("vioctl", "server12", sub=0x18, p1=1, p2=2, p3=3),
        apply("priority", "console", server="server0", value=-5),
        apply("send_sub_crq_indirect", handle=1, hex=""),
        apply("migrate", "platform"),
    ],
    ids=describe,
)
def test_a_request_of_the_protocol_passes(request_: dict[str, object]) -> None:
    rules.check_request(request_)


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"seq": 1, "op": "x"}, "there is no such request"),
        ({"seq": 1, "op": "reset"}, "field 'servers' is missing"),
        ({"seq": 0, "op": "settle"}, 'field "seq" must be an integer >= 1, not 0'),
        (apply("reg_crq", "server01"), 'field "who" must be'),
        (apply("reg_crq", "console"), "there is no such request"),
        (apply("reg_crq", length=-1), 'field "length" must be an integer from 0'),
        (apply("reg_crq", length=1 << 64), 'field "length" must be'),
        (apply("send_crq", hex="80"), "16 bytes as 32 lower-case hexadecimal digits"),
        (apply("send_crq", hex="80" * 16 + "\n"), "16 bytes"),
        (apply("auto", "console", value=True), 'field "value" must be'),
        (apply("remove", "console", server="1"), 'a server such as "server0"'),
        ({"seq": 1, "op": "observe", "deep": {"a": 1}}, "the protocol is flat"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_any_other_request_is_a_fault_of_the_kit(request_: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        rules.check_request(request_)


# --- replies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ({"op": "hello"}, HELLO | {"version": "2", "homepage": "unknown fields are ignored"}),
        ({"op": "hello"}, {"seq": 1, "outcome": "error", "error": "no"}),
        (OBSERVE, OBSERVED),
        (apply("reg_crq", observe=1), OBSERVED | {"rc": 2}),
        (apply("reg_crq", observe=1), {"seq": 1, "outcome": "unsupported"}),
        (apply("reg_crq", observe=1), {"seq": 1, "outcome": "unknown"}),
        (apply("reg_crq"), done(rc=-4)),
        (apply("reg_sub_crq"), done(rc=-4)),
        (apply("reg_sub_crq"), done(rc=2, handle="0xffffffffffffffff")),
        (apply("vioctl", sub=0x19), done(rc=-75)),
        (apply("vioctl", sub="0x19"), done(rc=0, r4=5)),
        (apply("consume"), done(element="")),
        (apply("consume", handle=1), done(element="80" * 32)),
        (apply("poke"), done()),
        (apply("auto", "console"), done()),
        (apply("auto", "console"), {"seq": 1, "outcome": "refused", "reason": "no"}),
    ],
    ids=str,
)
def test_a_reply_of_the_protocol_passes(request_: dict[str, object], reply: dict[str, object]) -> None:
    assert rules.check_reply(request_, reply, servers=1, virtual=True) is None


@pytest.mark.parametrize(
    ("request_", "reply", "complaint"),
    [
        (apply("reg_crq"), {"seq": 1}, "field 'outcome' is missing"),
        (apply("reg_crq"), {"seq": 1, "outcome": "ok"}, 'field "outcome" must be one of done, refused'),
        (apply("reg_crq"), done(), 'field "rc" must be its return code'),
        (apply("reg_crq"), done(rc=0.0), "an integer"),
        (apply("reg_crq"), done(rc=True), "an integer"),
        (apply("reg_crq"), done(rc=None), "an integer"),
        (apply("reg_crq"), done(rc=0, extra=[1]), "the protocol is flat"),
        (apply("reg_crq"), {"seq": 1, "outcome": "error"}, 'field "error" must say what is wrong'),
        (apply("auto", "console"), {"seq": 1, "outcome": "refused"}, 'field "reason" must say why'),
        (apply("reg_sub_crq"), done(rc=0), 'must answer with field "handle"'),
        (apply("vioctl", sub=0x19), done(rc=0), 'must answer with field "r4"'),
        (apply("vioctl", sub=0x1B), done(rc=0), 'must answer with field "info"'),
        (apply("dma_read"), done(rc=0), 'must answer with field "hex"'),
        (apply("peek"), done(), 'must answer with field "hex"'),
        (apply("consume"), done(), 'must answer with field "element"'),
        (apply("consume"), done(element="80" * 32), "an element of this queue has 32"),
        (apply("consume"), done(element="AB" * 16), "lower-case hexadecimal"),
        (apply("reg_crq", observe=1), done(rc=0), "observation: field 'client_crq' is missing"),
        (OBSERVE, {"seq": 1, "outcome": "unsupported"}, "observe must always be possible"),
        (OBSERVE, {"seq": 1, "outcome": "error", "error": "x"}, "observe must always be possible"),
        (OBSERVE, OBSERVED | {"client_crq": "open"}, "one of CLOSED, OPEN, DISABLED"),
        (OBSERVE, OBSERVED | {"listed": "server0 server0"}, "listed twice"),
        (OBSERVE, OBSERVED | {"listed": "server1"}, "the last reset asked for 1 servers"),
        (OBSERVE, OBSERVED | {"selected": "server"}, 'a server such as "server0", or empty'),
        (OBSERVE, OBSERVED | {"server0_status": "Operational"}, "one of OPERATIONAL"),
        (OBSERVE, OBSERVED | {"client_queue": "ff08"}, "elements of 32 lower-case hexadecimal digits"),
        (OBSERVE, OBSERVED | {"client_sub_7": "80" * 16}, "elements of 64"),
        ({"op": "hello"}, HELLO | {"clock": "wall"}, "one of virtual, real"),
        ({"op": "hello"}, HELLO | {"servers": 0}, "an integer from 1"),
        ({"op": "hello"}, HELLO | {"implementation": " "}, "a string like"),
        ({"op": "hello"}, HELLO | {"features": "a, b"}, "lower-case words with one blank between"),
        ({"op": "hello"}, HELLO | {"version": "x" * 201}, "at most 200 characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_reply(request_: dict[str, object], reply: dict[str, object], complaint: str) -> None:
    problem = rules.check_reply(request_, reply, servers=1, virtual=True)
    assert problem is not None
    assert complaint in problem


@pytest.mark.parametrize(
    "name", [name for name in OBSERVED if name not in ("seq", "outcome")] + ["client_interrupts", "server0_interrupts"]
)
def test_an_observation_owes_every_field(name: str) -> None:
    features = frozenset({"interrupts"})
    complete = OBSERVED | {"client_interrupts": "crq 3", "server0_interrupts": ""}
    assert rules.check_reply(OBSERVE, complete, servers=1, features=features, virtual=True) is None
    del complete[name]
    problem = rules.check_reply(OBSERVE, complete, servers=1, features=features, virtual=True)
    assert problem is not None
    assert f"'{name}'" in problem


def test_the_observation_in_a_reply() -> None:
    reply = OBSERVED | {"rc": 0, "reason": "x", "server": 1, "client": 2, "client_sub_4": ""}
    assert rules.observation_of(reply) == {
        name: value for name, value in OBSERVED.items() if name not in ("seq", "outcome")
    } | {"client_sub_4": ""}


names = st.sampled_from([*OBSERVED, *HELLO, "rc", "r4", "element", "error", "reason", "client_sub_1"]) | st.text(
    max_size=8
)
values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.none(), max_size=1)
asked = st.sampled_from([OBSERVE, {"op": "hello"}, {"op": ""}, apply("consume"), apply("vioctl", sub=0x19, observe=1)])


@given(asked, st.dictionaries(names, values), st.sampled_from([{}, OBSERVED, HELLO]))
def test_no_reply_upsets_the_kit(request_: dict[str, object], junk: dict[str, object], base: dict[str, object]) -> None:
    reply = base | junk
    problem = rules.check_reply(request_, reply, servers=1, features=frozenset(FEATURES), virtual=True)
    if problem is None:
        assert all(isinstance(value, str | int) and not isinstance(value, bool) for value in reply.values())
        from_line(reply)
    else:
        assert printable(problem) == problem


# --- lines -----------------------------------------------------------------------------------------------------------

fields = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-(1 << 63), (1 << 64) - 1))


@given(fields)
def test_a_message_becomes_a_line_and_back(message: dict[str, object]) -> None:
    line = encode(to_line(message))
    assert line.isascii()
    assert line.count(b"\n") == 1
    read = decode(line)
    assert {name: int(value, 16) if isinstance(value, str) and value != message[name] else value
            for name, value in read.items()} == message  # fmt: skip


def test_wide_numbers_are_strings_on_the_line_only() -> None:
    token = 0x9E3779B97F4A7C15
    assert to_line({"p1": token, "p2": 1 << 53, "hex": "0x"}) == {"p1": hex(token), "p2": 1 << 53, "hex": "0x"}
    assert from_line({"r4": hex(token), "handle": 7, "element": "0x12"}) == {
        "r4": token,
        "handle": 7,
        "element": "0x12",
    }


@pytest.mark.parametrize(
    "line", [rb'{"x": "\ud800"}', rb'{"\udfff": 1}', rb'{"x": {"y": ["\uDC00\uD800"]}}', b'{"x": "\xed\xa0\x80"}']
)
def test_half_a_character_is_no_text_wherever_it_stands(line: bytes) -> None:
    with pytest.raises(NotAMessageError, match=r"half a character|not UTF-8"):
        decode(line)


def test_a_character_in_two_halves_is_text() -> None:
    assert decode(rb'{"x": "\ud83d\ude00"}') == {"x": "\U0001f600"}


def test_texts_that_could_upset_a_terminal_are_escaped() -> None:
    assert from_line({"error": "a\x1b[2J\ud800\n"}) == {"error": "a\\x1b[2J\\ud800\\n"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not JSON"),
        (b"ready", "not JSON"),
        (b"[1]", "not an object"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a":Infinity}', "Infinity is not JSON"),
        (b'{"a":"\xff"}', "not UTF-8 (byte 7)"),
        (b'{"a":' + b"9" * 5000 + b"}", "a number of thousands of digits"),
        (b"[" * 100_000, "nested far too deeply"),
        (b'{"a":1} {"b":2}', "not JSON (Extra data"),
    ],
)
def test_lines_that_are_no_message(line: bytes, why: str) -> None:
    with pytest.raises(NotAMessageError, match=re.escape(why)):
        decode(line)


# --- greetings -------------------------------------------------------------------------------------------------------


def test_a_greeting_is_read() -> None:
    hello = Hello.from_reply(
        HELLO | {"profile_crossing": "gap", "profile_hold_limit_ms": "none", "quiet_ms": 30, "features": "dma dna"}
    )
    assert hello.profile == Profile(crossing=Crossing.GAP, quiet_time_ms=30)
    assert hello.features == {"dma"}
    assert (hello.unknown_features, hello.virtual, hello.label) == (("dna",), True, "x")


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ({"profile_graec": 3}, "did you mean grace?"),
        ({"profile_grace": 0}, "profile parameter grace (MON-2) must be integer 1..1000, not 0"),
        ({"profile_reopen": "sometimes"}, "KEEP | RESELECT"),
        ({"profile_quiet_time_ms": 5}, "by field quiet_ms"),
    ],
)
def test_claims_that_there_are_not(claim: dict[str, object], complaint: str) -> None:
    with pytest.raises(ClaimError, match=re.escape(complaint)):
        Hello.from_reply(HELLO | claim)


def test_another_major_version() -> None:
    with pytest.raises(VersionError, match=re.escape("the adapter speaks protocol 2.0, the kit 1.x")):
        Hello.from_reply(HELLO | {"protocol_major": 2})
    assert Hello.from_reply(HELLO | {"protocol_minor": 7}).protocol == (1, 7)


def test_claims_select_a_profile() -> None:
    profile = Profile(crossing=Crossing.GAP, grace=2, hold_limit_ms=9)
    claims = claims_of(profile)
    assert claims == {"profile_crossing": "gap", "profile_grace": 2, "profile_hold_limit_ms": 9}
    assert profile_of(claims) == profile
    assert claims_of(Profile(), profile) == {
        "profile_crossing": "hold",
        "profile_grace": 3,
        "profile_hold_limit_ms": "none",
    }
    rules.check_request({"seq": 1, "op": "reset", "servers": 1, **claims})


# --- the schema ------------------------------------------------------------------------------------------------------


def test_a_keyword_that_is_not_checked_is_refused() -> None:
    with pytest.raises(schema.UnsupportedKeywordError, match="uniqueItems"):
        schema.compile_value({"type": "string", "uniqueItems": True}, "here")
    with pytest.raises(schema.UnsupportedKeywordError, match="number"):
        schema.compile_value({"type": "number"}, "here")


def test_every_definition_of_the_schema_is_one_that_the_validator_can_check() -> None:
    definitions = schema.document()["$defs"]
    references = re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema.document()))
    assert set(references) <= set(definitions)
    for name, definition in definitions.items():
        if set(definition) & {"properties", "required", "patternProperties"}:
            schema.compile_object(name)
        elif definition:
            schema.compile_value(definition, name)


def test_the_schema_has_the_words_of_the_vocabulary() -> None:
    reply = schema.document()["$defs"]["reply"]
    assert reply["properties"]["client_crq"]["enum"] == [crq.name for crq in Crq]
    assert reply["patternProperties"]["^server[0-9]{1,3}_status$"]["enum"] == [status.name for status in Status]
    assert schema.document()["$defs"]["outcome"]["enum"] == list(Outcome)
    assert schema.document()["$defs"]["request"]["properties"]["op"]["enum"] == list(OPS)


def test_long_values_are_cut() -> None:
    assert schema.shown("x" * 100) == '"' + "x" * 59 + "... (102 characters)"
    assert schema.shown(float) == "<class 'float'>"


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= 130
    assert len(SYSTEM_PAGE.splitlines()) <= 60


def test_the_page_names_everything_and_nothing_else() -> None:
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", PAGE + SYSTEM_PAGE))))
    definitions = schema.document()["$defs"]
    needed = {call for names in calls().values() for call in names} | set(FEATURES) | set(OPS) | set(Outcome)
    needed |= set(SYSTEM_FEATURES)
    for name, definition in definitions.items():
        if name.startswith(("request", "partition_", "console_", "platform_", "reply")):
            needed |= set(definition.get("properties", {}))
    for parameter in PARAMETERS.values():
        if parameter.name not in ("client_init", "srv_wait_ms", "quiet_time_ms"):
            needed.add(f"profile_{parameter.name}")
            needed |= {member.name.lower() for member in parameter.choices or ()}
    assert needed <= words
    fields_of_page = set(re.findall(r"`(profile_\w+)`", PAGE))
    assert fields_of_page == {name for name in needed if name.startswith("profile_")}


def test_the_example_of_the_page_is_a_conversation() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    lines = [decode(line.encode()) for line in block.splitlines()]
    servers = 0
    for request, reply in zip(lines[::2], lines[1::2], strict=True):
        rules.check_request(request)
        servers = request["servers"] if request["op"] == "reset" else servers  # type: ignore[assignment]
        assert reply["seq"] == request["seq"]
        assert rules.check_reply(request, reply, servers=servers, virtual=True) is None
    Hello.from_reply(lines[1])

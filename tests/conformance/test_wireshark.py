"""The dissector for Wireshark names every field of every layout, as our own decoding has it, and marks what is malformed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.pictures.decoding import Decoded, decoded, fields_of
from vnic_conformance.pictures.formats import FORMATS, QUEUES, VALUES, Format, Link, layouts_in
from vnic_conformance.pictures.pcapng import Packets, pcapng
from vnic_conformance.pictures.story import Story, story_of_failure
from vnic_conformance.pictures.traffic import Packet
from vnic_conformance.pictures.wireshark import DIRECTORY, dissector, filter_of
from vnic_conformance.running.recorded import load
from vnic_spec.layouts import COMMANDS, LOGIN_REQUEST, LOGIN_RESPONSE, MIN_OFFLOAD_CONTROL, OFFLOAD_CONTROL, Layout
from vnic_spec.vocabulary import Status
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    SUB_ELEMENT_BYTES,
    Capability,
    CommandRc,
    Event,
    Header,
    ServerInfo,
    SubType,
    element,
    event_element,
    response_to,
)

Kit = Callable[..., Result]
STEP_LINE = "vnic.step.line"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
GOLDEN = Path(__file__).parents[1] / "golden"
LOGS, CLIENTS = sorted(GOLDEN.glob("failures_*.jsonl")), sorted(GOLDEN.glob("failures_client_*.jsonl"))
RECORDED = GOLDEN.parent / "reference" / "recorded_elements.json"


def tshark(capture: bytes, directory: Path, queue: str = "transmit") -> list[ET.Element]:
    """What tshark says of each packet."""
    words = ["-o", f"{filter_of(Link.SUB_CRQ)}.queue:{queue}", "-T", "pdml"]
    return list(ET.fromstring(run(capture, directory, *words)).iterfind("packet"))


def in_words(capture: bytes, directory: Path) -> list[str]:
    """What ``tshark -V`` says of each packet."""
    return re.split(r"^Frame \d+: ", run(capture, directory, "-V"), flags=re.M)[1:]


def run(capture: bytes, directory: Path, *words: str) -> str:
    lua, file = directory / "vnic.lua", directory / "a.pcapng"
    lua.write_text(dissector("vnic.lua"), encoding="utf-8")
    file.write_bytes(capture)
    command = ["tshark", "-X", f"lua_script:{lua}", *words, "-r", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "rror" not in ran.stderr
    return ran.stdout


def said(line: str, field: Decoded) -> bool:
    """Whether a line of tshark names a field, with its value."""
    name, colon, words = line.strip().partition(": ")
    return bool(colon) and name == field.name and field.value in words.replace("0x", "").replace(":", "").lower()


def everything(story: Story) -> list[Packet]:
    """All that moved in a story, in order."""
    return [*story.opening, *(packet for step in story.steps for packet in step.packets)]


def moved(story: Story, link: Link) -> list[str]:
    """The bytes of a kind that moved in a story, in order."""
    return [packet.hexadecimal for packet in everything(story) if packet.link is link]


def protocol(packet: ET.Element, link: Link) -> ET.Element:
    found = packet.find(f"proto[@name='{filter_of(link)}']")
    assert found is not None, ET.tostring(packet, encoding="unicode")
    return found


def fields(packet: ET.Element, link: Link) -> list[Decoded]:
    """The fields of a packet with the names that people read."""
    found = []
    for field in protocol(packet, link).iterfind("field"):
        words = field.get("showname", "")
        name = "reserved" if field.get("name", "").endswith(".reserved") else words.partition(":")[0]
        if not field.get("name", "").startswith("_ws."):
            found.append(Decoded(name, int(field.get("pos", "")), int(field.get("size", "")), field.get("value", "")))
    return found


def complaints(packet: ET.Element, link: Link) -> set[str]:
    """What is wrong with a packet, without the names of protocols."""
    names = (field.get("name", "") for field in protocol(packet, link).iter("field"))
    return {name.rpartition(".")[2] for name in names if name.startswith(f"{filter_of(link)}.expert.")}


def filled(layout: Layout, **values: int | bytes) -> bytes:
    """Every field another value, so that a wrong offset or size shows."""
    numbers = {f.name: bytes(f.offset + at + 1 for at in range(f.size)) for f in layout.fields}
    return layout.pack(**{**numbers, **values})


def elements() -> Iterator[bytes]:
    """Every element that a CRQ has."""
    yield from (INIT, INIT_COMPLETE, *(event_element(event) for event in Event))
    head = {"header": Header.COMMAND}
    for code, entry in COMMANDS.items():
        known = {"capability": Capability.REQ_MTU} if any(f.name == "capability" for f in entry.request.fields) else {}
        yield filled(entry.request, **head, command=code, **known)
        if entry.response is not None:
            yield filled(entry.response, **head, command=response_to(code), rc=CommandRc.PARAMETER, **known)


def descriptors(form: Format) -> Iterator[bytes]:
    types = {layout.name: number for number, layout in zip(SubType, layouts_in(form), strict=False)}
    for layout in layouts_in(form):
        kind = {"type": types[layout.name]} if any(f.name == "type" for f in layout.fields) else {}
        yield filled(layout, header=Header.COMMAND, **kind)


def buffers() -> Iterator[tuple[Link, bytes]]:
    """Every other packet, with tables where there are any."""
    yield Link.SERVER_INFO, ServerInfo(1, 1, Status.UNRESPONSIVE.value, 7).pack()
    handles = bytes(range(24))
    yield (
        Link.LOGIN_REQUEST,
        LOGIN_REQUEST.pack(
            length=64 + 4, tx_completions=2, tx_completions_at=40, rx_completions=1, rx_completions_at=56,
            client_data_at=64, client_data_length=4,
        )
        + handles
        + b"name",
    )  # fmt: skip
    yield (
        Link.LOGIN_RESPONSE,
        LOGIN_RESPONSE.pack(length=60 + 2, tx_submissions=1, tx_submissions_at=36, rx_adds=1, rx_adds_at=44,
                            rx_sizes_at=52, tx_types=2, tx_types_at=60)
        + handles
        + b"\x10\x30",
    )  # fmt: skip
    for link in (Link.OFFLOAD_ANSWER, Link.OFFLOAD_CONTROL):
        (layout,) = layouts_in(FORMATS[link])
        yield link, filled(layout, length=layout.size)
    yield Link.OFFLOAD_CONTROL, OFFLOAD_CONTROL.pack(length=MIN_OFFLOAD_CONTROL)[:MIN_OFFLOAD_CONTROL]
    for layout in layouts_in(FORMATS[Link.VIOCTL]):
        numbers = {name: number for number, name in VALUES[Link.VIOCTL, "subfunction"].items()}
        if layout.name in numbers:
            known = {"status": Status.LINK_DOWN.value} if any(f.name == "status" for f in layout.fields) else {}
            yield Link.VIOCTL, filled(layout, subfunction=numbers[layout.name], **known)


@needs_tshark
def test_every_field_of_every_layout_is_named_as_our_own_decoding_has_it(tmp_path: Path) -> None:
    sent = [(Link.CRQ, data) for data in elements()] + list(buffers())
    packets = Packets()
    for link, data in sent:
        packets.add(0, link, data)
    for packet, (link, data) in zip(tshark(packets.getvalue(), tmp_path), sent, strict=True):
        assert fields(packet, link) == fields_of(FORMATS[link], data), data.hex()
        assert complaints(packet, link) == set(), data.hex()
        for field in protocol(packet, link).iterfind("field"):
            words = VALUES.get((link, field.get("showname", "").partition(":")[0]))
            if words is not None:
                assert f" {words[int(field.get('value', ''), 16)]} (" in field.get("showname", "")


@needs_tshark
@pytest.mark.parametrize("queue", QUEUES)
def test_descriptors_are_decoded_by_the_kind_of_queue_that_is_preferred(queue: str, tmp_path: Path) -> None:
    sent = list(descriptors(QUEUES[queue]))
    packets = Packets()
    for data in sent:
        packets.add(0, Link.SUB_CRQ, data)
    for packet, data in zip(tshark(packets.getvalue(), tmp_path, queue), sent, strict=True):
        assert fields(packet, Link.SUB_CRQ) == fields_of(QUEUES[queue], data)
        assert complaints(packet, Link.SUB_CRQ) == set()


#: Packets with what is wrong with them.
MALFORMED = [
    (Link.CRQ, INIT[:-1], {"size"}),
    (Link.CRQ, INIT + b"\0", {"size"}),
    (Link.CRQ, b"\x80", {"size", "layout"}),
    (Link.CRQ, element(0x42), {"value", "layout"}),
    (Link.CRQ, element(Header.FREE), {"layout"}),
    (Link.CRQ, element(Header.COMMAND, 0x7F), {"layout"}),
    (Link.CRQ, element(Header.COMMAND, 0x20), {"layout"}),
    (Link.CRQ, element(Header.COMMAND, response_to(0x12)), {"layout"}),
    (Link.CRQ, element(Header.EVENT, 0x55), {"value"}),
    (Link.CRQ, element(Header.INITIALIZATION, 3), {"value"}),
    (Link.CRQ, event_element(Event.MIGRATED)[:-1] + b"\1", {"reserved"}),
    (Link.CRQ, element(Header.COMMAND, 0x02, b"\xff\xff"), {"value"}),
    (Link.SUB_CRQ, element(Header.COMMAND, SubType.TX), {"size"}),
    (Link.SUB_CRQ, bytes(SUB_ELEMENT_BYTES), {"value", "layout"}),
    (Link.SERVER_INFO, bytes(31), {"size", "value"}),
    (Link.LOGIN_REQUEST, LOGIN_REQUEST.pack(length=40, tx_completions=1, tx_completions_at=40), {"table"}),
    (Link.LOGIN_REQUEST, LOGIN_REQUEST.pack(length=40, rx_completions=0xFFFFFFFF), {"table"}),
    (Link.LOGIN_REQUEST, LOGIN_REQUEST.pack(length=41), {"size"}),
    (Link.LOGIN_RESPONSE, LOGIN_RESPONSE.pack(length=36)[:20], {"size"}),
    (Link.OFFLOAD_CONTROL, OFFLOAD_CONTROL.pack(length=127)[:127], {"size"}),
    (Link.VIOCTL, b"\1" * 32, {"value", "layout"}),
]


@needs_tshark
def test_what_is_malformed_is_marked_and_still_decoded(tmp_path: Path) -> None:
    packets = Packets()
    for link, data, _ in MALFORMED:
        packets.add(0, link, data)
    for packet, (link, data, wrong) in zip(tshark(packets.getvalue(), tmp_path), MALFORMED, strict=True):
        assert complaints(packet, link) == wrong, data.hex()
        form = QUEUES["transmit"] if link is Link.SUB_CRQ else FORMATS[link]
        assert fields(packet, link) == fields_of(form, data), data.hex()


@needs_tshark
def test_every_field_of_every_element_of_a_recorded_boot_is_named(tmp_path: Path) -> None:
    """``recorded_elements.json`` is of a real boot: ``tshark -V`` names every field, with its value, and misses no byte."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    sent = [bytes.fromhex(one["element"]) for fragment in recorded["fragments"] for one in fragment["elements"]]
    packets = Packets()
    for data in sent:
        packets.add(0, Link.CRQ, data)
    told = in_words(packets.getvalue(), tmp_path)
    assert len(told) == len(sent)
    for words, data in zip(told, sent, strict=True):
        lines, left = iter(words.splitlines()), bytearray(data)
        for field in decoded(data.hex()):
            assert any(said(line, field) for line in lines), (data.hex(), field, words)
            left[field.offset : field.offset + field.size] = bytes(field.size)
        assert not any(left), data.hex()
        assert "Expert Info" not in words


@needs_tshark
def test_one_capture_has_elements_descriptors_buffers_and_frames_of_clients(tmp_path: Path) -> None:
    """Each is decoded by what it is: the login says which handle is of which kind of queue. What is malformed was sent so."""
    sent = [packet for log in CLIENTS for packet in everything(story_of_failure(load(log).failures[0]))]
    packets = Packets()
    for one in sent:
        packets.add(0, one.link, bytes.fromhex(one.hexadecimal), one.words)
    for packet, one in zip(tshark(packets.getvalue(), tmp_path), sent, strict=True):
        if one.link is Link.FRAME:
            assert packet.find("proto[@name='eth']") is not None
        else:
            assert fields(packet, one.link) == fields_of(FORMATS[one.link], bytes.fromhex(one.hexadecimal)), one
            assert complaints(packet, one.link) <= ({"layout"} if one.hexadecimal.startswith("80fe") else set()), one


def test_captures_of_clients_have_every_kind_of_traffic() -> None:
    links = {packet.link for log in CLIENTS for packet in everything(story_of_failure(load(log).failures[0]))}
    assert links >= {
        Link.CRQ, Link.LOGIN_REQUEST, Link.LOGIN_RESPONSE, Link.TRANSMIT, Link.TRANSMIT_COMPLETION, Link.RX_ADD, Link.FRAME,
        Link.VIOCTL,
    }  # fmt: skip
    assert Link.SUB_CRQ not in links


@needs_tshark
def test_a_failure_of_ours_reads_as_its_story(vnickit: Kit, tmp_path: Path) -> None:
    failures = [f for log in LOGS for f in load(log).failures if f.episode.setting.role == HYPERVISOR]
    story = max(map(story_of_failure, failures), key=lambda one: len(moved(one, Link.VIOCTL)))
    packets = tshark(pcapng(story), tmp_path)
    lines = [line.get("show") for packet in packets for line in packet.iter("field") if line.get("name") == STEP_LINE]
    assert lines == [step.line for step in story.steps]
    elements = [passage.bytes for step in story.steps for passage in step.elements if passage.deed != "TAKEN"]
    assert moved(story, Link.CRQ) == elements
    seen = [packet for packet in packets if packet.find("proto[@name='vnic.crq']") is not None]
    assert [fields(packet, Link.CRQ) for packet in seen] == [decoded(element) for element in elements]
    calls = moved(story, Link.VIOCTL)
    seen = [packet for packet in packets if packet.find("proto[@name='vnic.vioctl']") is not None]
    assert len(seen) == len(calls) > 0
    for packet, registers in zip(seen, calls, strict=True):
        assert fields(packet, Link.VIOCTL) == fields_of(FORMATS[Link.VIOCTL], bytes.fromhex(registers))
    (wrong,) = (packet for packet in packets if f"violated: {story.requirement}" in ET.tostring(packet, "unicode"))
    assert protocol(wrong, Link.STEP).find("field").get("show") == lines[-1]  # type: ignore[union-attr]  # it has a line


def test_export_says_how_the_dissector_is_installed(vnickit: Kit) -> None:
    made = vnickit("export", "--to", "wireshark", "--out", "my vnic.lua")
    assert made.exit_code == ExitCode.CONFORMS
    assert made.stdout == f"install -D -m 644 'my vnic.lua' {DIRECTORY}/vnic.lua\n"
    text = Path("my vnic.lua").read_text(encoding="utf-8")
    assert made.stdout in text
    assert vnickit("export", "--to", "wireshark").stdout == text.replace("'my vnic.lua'", "FILE")


@pytest.mark.parametrize(
    "words", [("--servers", "2"), ("--properties",), ("--mutate", "no_fence"), ("--instance", "core")]
)
def test_a_dissector_is_of_no_instance(words: tuple[str, ...], vnickit: Kit) -> None:
    result = vnickit("export", "--to", "wireshark", *words)
    assert result.exit_code == ExitCode.USAGE
    assert words[0] in result.stderr


def test_no_offset_is_written_by_hand() -> None:
    program = (files("vnic_conformance.pictures") / "dissector.lua").read_text(encoding="utf-8")
    every = {f.name for form in (*FORMATS.values(), *QUEUES.values()) for one in layouts_in(form) for f in one.fields}
    assert not set(re.findall(r'"(\w+)"', program)) & every
    assert not re.search(r"buffer\(\d", program)


def test_the_layouts_of_records_are_those_of_wire() -> None:
    from vnic_spec.layouts import OUTPUT_DESCRIPTOR, SERVER_INFO
    from vnic_spec.wire import OutputDescriptor

    info = ServerInfo(1, 2, 3, 4)
    assert SERVER_INFO.unpack(info.pack()) == info._asdict()
    assert SERVER_INFO.pack(**info._asdict()) == info.pack()
    where = OutputDescriptor(0xA5, 0x123456, 0x89ABCDEF)
    assert OUTPUT_DESCRIPTOR.unpack(where.pack().to_bytes(8, "big")) == where._asdict()

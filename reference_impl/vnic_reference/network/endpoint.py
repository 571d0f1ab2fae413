"""An IPv4 endpoint: ARP, ping both ways, sequenced UDP streams both ways, TCP towards it.

The application and the hosts are made of it. It has no interface of its own: frames come in by :meth:`Endpoint.take` and
leave by a function. It resolves addresses as RFC 826 says and forgets them after a minute; a packet waits for its address
at most three seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vnic_reference.network.frames import (
    ARP_REPLY,
    ARP_REQUEST,
    BROADCAST,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO_REPLY,
    ICMP_ECHO_REQUEST,
    PROTOCOL_ICMP,
    PROTOCOL_UDP,
    Arp,
    Echo,
    Ethernet,
    Ipv4,
    Udp,
    is_unicast,
)
from vnic_reference.network.streams import (
    PING_PAYLOAD,
    STREAM_PORT,
    Ping,
    Pinger,
    StreamSink,
    StreamSource,
    filling,
    stream_fields,
)
from vnic_reference.network.tcp import PROTOCOL_TCP, Segment, TcpSink

ARP_LIFETIME_MS = 60_000
ARP_RETRY_MS = 1000
ARP_TRIES = 3
#: Packets that wait for one address; the oldest are dropped (RFC 1122, 2.3.2.2 asks for one at least).
ARP_QUEUE = 16
#: Addresses known, and addresses asked for, at once; and streams received. What a stranger makes us keep is bounded.
MAX_NEIGHBOURS = 256
MAX_STREAMS = 64

_NOBODY = bytes(6)
#: Bytes of a frame in front of what an echo or a datagram carries: Ethernet, IPv4, and 8 of ICMP or UDP.
_IN_FRONT = 14 + 20 + 8


@dataclass(slots=True)
class _Question:
    """An address that is being asked for."""

    asked_at: int
    tries: int = 1
    waiting: list[bytes] = field(default_factory=list)


class Endpoint:
    """One IPv4 address on one interface.

    Args:
        ip: its address, 4 bytes.
        mac: answers its MAC.
        out: hands a frame to the interface; False: not taken.

    Attributes:
        pingers, sources: what it sends by itself.
        sinks: the streams that it has received, by number.
        listeners: takers of TCP connections, by port; a port without one is silent.
        malformed: frames to it that were not what their headers say.
        announced: gratuitous ARPs sent, by time.
    """

    def __init__(self, ip: bytes, mac: Callable[[], bytes], out: Callable[[bytes], bool]) -> None:
        self.ip = ip
        self._mac = mac
        self._send = out
        self.pingers: list[Pinger] = []
        self.sources: list[StreamSource] = []
        self.sinks: dict[int, StreamSink] = {}
        self.listeners: dict[int, TcpSink] = {}
        self.malformed = 0
        self.announced: list[int] = []
        self._neighbours: dict[bytes, tuple[bytes, int]] = {}
        self._questions: dict[bytes, _Question] = {}
        self._identification = 0

    # -- frames that come ----------------------------------------------------------------------------------------

    def take(self, frame: bytes, now: int) -> None:
        """A frame has come; never raises, whatever it is."""
        ethernet = Ethernet.unpack(frame)
        if ethernet is None:
            self.malformed += 1
            return
        if ethernet.vlan or ethernet.destination not in (self._mac(), BROADCAST):
            return
        if ethernet.ethertype == ETHERTYPE_ARP:
            self._take_arp(ethernet, now)
        elif ethernet.ethertype == ETHERTYPE_IPV4:
            packet = Ipv4.unpack(ethernet.payload)
            if packet is None:
                self.malformed += 1
            elif packet.destination == self.ip:
                self._take_packet(packet, now)

    def _take_arp(self, ethernet: Ethernet, now: int) -> None:
        arp = Arp.unpack(ethernet.payload)
        if arp is None:
            self.malformed += 1
            return
        # RFC 826: an address that is known, or asked for, is updated whoever is asked; a new one is learned only by who is.
        stranger = is_unicast(arp.sender_mac) and arp.sender_ip != self.ip
        wanted = arp.sender_ip in self._neighbours or arp.sender_ip in self._questions
        if stranger and (wanted or arp.target_ip == self.ip):
            self._learn(arp.sender_ip, arp.sender_mac, now)
        if arp.operation == ARP_REQUEST and arp.target_ip == self.ip and arp.sender_ip != self.ip:
            reply = Arp(ARP_REPLY, self._mac(), self.ip, arp.sender_mac, arp.sender_ip)
            self._send(Ethernet(arp.sender_mac, self._mac(), ETHERTYPE_ARP, reply.pack()).pack())

    def _learn(self, ip: bytes, mac: bytes, now: int) -> None:
        if ip not in self._neighbours and len(self._neighbours) >= MAX_NEIGHBOURS:
            del self._neighbours[next(iter(self._neighbours))]
        self._neighbours[ip] = (mac, now)
        question = self._questions.pop(ip, None)
        for packet in [] if question is None else question.waiting:
            self._send(Ethernet(mac, self._mac(), ETHERTYPE_IPV4, packet).pack())

    def _take_packet(self, packet: Ipv4, now: int) -> None:
        if packet.protocol == PROTOCOL_ICMP:
            echo = Echo.unpack(packet.payload)
            if echo is None:
                self.malformed += 1
            elif echo.kind == ICMP_ECHO_REQUEST:
                reply = Echo(ICMP_ECHO_REPLY, echo.identifier, echo.sequence, echo.payload)
                self._send_packet(packet.source, PROTOCOL_ICMP, reply.pack(), now)
            else:
                for pinger in self.pingers:
                    if pinger.identifier == echo.identifier and pinger.peer == packet.source:
                        pinger.answered(echo.sequence, now)
        elif packet.protocol == PROTOCOL_UDP:
            datagram = Udp.unpack(packet)
            if datagram is None:
                self.malformed += 1
            elif datagram.destination == STREAM_PORT:
                self._take_datagram(datagram, now)
        elif packet.protocol == PROTOCOL_TCP:
            segment = Segment.unpack(packet)
            if segment is None:
                self.malformed += 1
            elif segment.destination in self.listeners:
                self._take_segment(segment, packet.source, now)

    def _take_segment(self, segment: Segment, peer: bytes, now: int) -> None:
        answer = self.listeners[segment.destination].take(segment, peer, now)
        if answer is not None:
            self._send_packet(peer, PROTOCOL_TCP, answer.pack(self.ip, peer), now)

    def _take_datagram(self, datagram: Udp, now: int) -> None:
        fields = stream_fields(datagram.payload)
        if fields is None:
            self.malformed += 1
            return
        number, sequence, _ = fields
        if number not in self.sinks and len(self.sinks) < MAX_STREAMS:
            self.sinks[number] = StreamSink(number)
        if number in self.sinks:
            self.sinks[number].take(sequence, now)

    # -- frames that leave ---------------------------------------------------------------------------------------

    def announce(self, now: int) -> bool:
        """Send a gratuitous ARP (DAT-3); False if the interface did not take it."""
        arp = Arp(ARP_REQUEST, self._mac(), self.ip, _NOBODY, self.ip)
        if not self._send(Ethernet(BROADCAST, self._mac(), ETHERTYPE_ARP, arp.pack()).pack()):
            return False
        self.announced.append(now)
        return True

    def ping(self, pinger: Pinger, now: int, length: int | None = None) -> None:
        """Send the next echo request of a pinger, due or not; ``length`` bytes in its frame, or as many as usual."""
        payload = PING_PAYLOAD if length is None else filling(length - _IN_FRONT)
        echo = Echo(ICMP_ECHO_REQUEST, pinger.identifier, len(pinger.pings), payload)
        pinger.pings.append(Ping(len(pinger.pings), now, False))
        pinger.pings[-1].taken = self._send_packet(pinger.peer, PROTOCOL_ICMP, echo.pack(), now)

    def send(self, source: StreamSource, now: int, length: int | None = None) -> None:
        """Send the next datagram of a stream, due or not; ``length`` bytes in its frame, or as many as usual."""
        payload = source.datagram(now, *(() if length is None else (length - _IN_FRONT,)))
        datagram = Udp(STREAM_PORT, STREAM_PORT, payload)
        if self._send_packet(source.peer, PROTOCOL_UDP, datagram.pack(self.ip, source.peer), now):
            source.sent += 1
        else:
            source.refused += 1

    def step(self, now: int) -> bool:
        """Send what is due; True if anything was."""
        busy = self._ask_again(now)
        for pinger in self.pingers:
            while (due := pinger.due()) is not None and due <= now:
                self.ping(pinger, now)
                busy = True
        for source in self.sources:
            while (due := source.due()) is not None and due <= now:
                self.send(source, now)
                busy = True
        return busy

    def next_deadline(self) -> int | None:
        """When something is due by itself."""
        times = [pinger.due() for pinger in self.pingers]
        times += [source.due() for source in self.sources]
        times += [question.asked_at + ARP_RETRY_MS for question in self._questions.values()]
        return min((time for time in times if time is not None), default=None)

    def _send_packet(self, peer: bytes, protocol: int, payload: bytes, now: int) -> bool:
        self._identification += 1
        packet = Ipv4(self.ip, peer, protocol, payload, self._identification).pack()
        known = self._neighbours.get(peer)
        if known is not None and now < known[1] + ARP_LIFETIME_MS:
            return self._send(Ethernet(known[0], self._mac(), ETHERTYPE_IPV4, packet).pack())
        question = self._questions.get(peer)
        if question is None:
            if len(self._questions) >= MAX_NEIGHBOURS or not self._ask(peer):
                return False
            question = self._questions[peer] = _Question(now)
        question.waiting = [*question.waiting[1 - ARP_QUEUE :], packet]
        return True

    def _ask(self, peer: bytes) -> bool:
        """Ask who has this address; False if the interface did not take the question."""
        arp = Arp(ARP_REQUEST, self._mac(), self.ip, _NOBODY, peer)
        return self._send(Ethernet(BROADCAST, self._mac(), ETHERTYPE_ARP, arp.pack()).pack())

    def _ask_again(self, now: int) -> bool:
        busy = False
        for peer, question in list(self._questions.items()):
            if now < question.asked_at + ARP_RETRY_MS:
                continue
            busy = True
            if question.tries >= ARP_TRIES:
                del self._questions[peer]
                continue
            question.tries += 1
            question.asked_at = now
            self._ask(peer)
        return busy

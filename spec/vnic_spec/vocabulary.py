"""The words of the protocol, one per concept.

Every enumeration here is a vocabulary that the specification, the reference implementation and the reports share; a
value prints as its bare name, so that a trace, an error and a test diff read like the requirements.

Sources: requirement IDs as in :mod:`vnic_spec.requirements`; LoPAR = Linux on Power Architecture Reference, virtual I/O
chapter and VNIC appendix.
"""

from __future__ import annotations

from enum import Enum


class Word(Enum):
    """A value that prints as its bare name."""

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


class Crq(Word):
    """State of the client's half of the CRQ (CRQ-2, CRQ-4, CRQ-8)."""

    CLOSED = 0  #: not registered
    OPEN = 1  #: registered
    DISABLED = 2  #: registered, but disabled by a migration until H_ENABLE_CRQ


class Status(Word):
    """Status of a server as the hypervisor keeps it (MON-1 to MON-6; LoPAR VNIC_SERVER_STATUS).

    The numbers are those of the architecture. ``NETWORK_ERROR`` is never stored: it is what a listing shows for a server
    with a complaint whose status would be ``OPERATIONAL`` (MON-4).
    """

    OPERATIONAL = 1
    LINK_DOWN = 2
    ADAPTER_ERROR = 3
    POWERED_OFF = 4
    NETWORK_ERROR = 5
    UNRESPONSIVE = 6


class Kind(Word):
    """What an element on a CRQ is, as far as the failover protocol cares (CRQ-1)."""

    INIT = 0  #: 0xC0 0x01
    INIT_COMPLETE = 1  #: 0xC0 0x02
    LOGIN = 2  #: 0x80 0x04, the client's login request
    LOGIN_RSP = 3  #: 0x80 0x84, the server's answer
    DATA = 4  #: any other 0x80 command or response
    FAILED = 5  #: 0xFF 0x01, partner partition failed
    DEREGISTERED = 6  #: 0xFF 0x02, partner deregistered (or: you are fenced)
    MIGRATED = 7  #: 0xFF 0x06, this partition migrated; the CRQ is disabled
    FAILOVER = 8  #: 0xFF 0x08, another server takes over


class ClientPhase(Word):
    """Where the client driver stands in its dialogue (CLI-1 to CLI-4, CLI-7)."""

    OFF = 0  #: the client's partition is powered off
    RECOVERING = 1  #: has to free the CRQ if it is still registered, then to register it
    REGISTERED = 2  #: CRQ registered; INIT not yet sent
    INIT_SENT = 3  #: awaits INIT_COMPLETE
    READY = 4  #: dialogue open and negotiated, not logged in
    LOGIN_SENT = 5  #: awaits LOGIN_RSP
    LOGGED_IN = 6  #: believes it is logged in
    WAITING = 7  #: has read event 08 and waits for the INIT of a server (CLI-1)
    ENABLING = 8  #: has read event 06 and has to call H_ENABLE_CRQ (CLI-3)


class Belief(Word):
    """What a server believes itself to be, and how far its dialogue has got (SRV-1)."""

    STANDBY = 0  #: believes that it is not active
    AWAITING = 1  #: active; looks for the client's INIT before it sends its own
    INIT_SENT = 2  #: active; has sent INIT and awaits the answer
    OPEN = 3  #: active; INIT exchanged
    SERVING = 4  #: active; regards the client as logged in


class Token(Word):
    """The session token in the client's hand (SES-1)."""

    NO_TOKEN = 0
    CURRENT = 1  #: obtained in the session that is still running
    STALE = 2  #: obtained in a session that has ended


class Owed(Word):
    """Event that the client is owed because its queue was full (CRQ-7, profile ``defer``)."""

    NOTHING = 0
    FAILOVER = 1
    MIGRATED = 2

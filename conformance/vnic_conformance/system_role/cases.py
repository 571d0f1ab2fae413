"""The cases of role ``system``: laws that are watched at every step, and stories that are played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnic_conformance.running.plan import Case, Phase
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.system_role.words import feature_of, parse

#: A ping, a datagram of the host, and time for both.
TRAFFIC = "ping; send; advance 50"
#: Time for a switch and a login of any implementation, and traffic then.
RECOVERED = f"advance 100000; {TRAFFIC}"
#: The host sends, and the client says nothing of its own accord.
QUIET = "; ".join(["advance 200; send; advance 50"] * 8)
#: The first 100 s after something has happened, with traffic all the time: soon after, and then as long as a port may be blocked.
BUSY = "; ".join(
    [f"advance 500; {TRAFFIC}"] * 6 + [f"advance 5000; {TRAFFIC}"] * 12 + [f"advance 10000; {TRAFFIC}"] * 4
)
#: Frames from the shortest to the longest of an MTU of 1500, and those around every power of two.
SIZES = (64, 65, 127, 128, 255, 256, 257, 511, 512, 513, 514, 1023, 1024, 1025, 1279, 1400, 1499, 1500, 1513, 1514)
SIZED = "; ".join(f"ping {size}; send {size}; advance 50" for size in SIZES)
#: Several frames at once, of the client and to it.
QUEUES = "; ".join([*["ping"] * 6, *["send"] * 6, "advance 50"])
#: From server0 to server1, to server2, and back to where everything is as it was.
ELSEWHERE = (
    "priority server0 10; priority server1 20; priority server2 30; {traffic}; crash server0; advance 100000; {traffic}; "
    "link_down server1; advance 100000; {traffic}; power_on server0; advance 100000; {traffic}"
)
SILENCE = "advance 1000; advance 1000; advance 1000; advance 1000"

_WATCHED = {
    "ADM-1/answers": ("What the console is asked for is done or refused as it must be.", "a call of the console"),
    "CLI-1/link": ("Frames pass only while a server is selected and the user wants it.", "a look at the link"),
    "DAT-1/delivered": ("A ping is answered while all is well.", "a ping that nothing came between"),
    "DAT-1/once": ("A frame sent by the client leaves at most once.", "a frame that left"),
    "DAT-1/selected": ("A frame leaves only through the selected server.", "a frame that left"),
    "DAT-2/once": ("A frame from the wire reaches the client at most once.", "a frame that was received"),
    "DAT-2/selected": ("A frame is received only through the selected server.", "a frame that was received"),
    "DAT-3/follows": (
        "After a switch the network's forwarding follows the client to the new port.",
        "a datagram to the client that nothing came between",
    ),
    "FOV-5/successor": ("Who is selected is who the specification selects, at once.", "a listing"),
    "FOV-7/stability": ("Without a trigger there is no switch.", "a step of the clock"),
    "LIV-1/served": ("If a server stays eligible and nothing happens, the client is logged in.", "a long calm"),
    "MON-2/silence": ("A server that hangs, and no other, becomes UNRESPONSIVE in time.", "a report that did not come"),
    "MON-3/answers": ("Power is switched as it must be.", "a call of the platform"),
    "MON-3/off": ("A server whose partition is off is POWERED_OFF.", "a partition that is off"),
    "SES-2/answers": ("A complaint is taken exactly if another server can serve.", "a complaint"),
    "SRV-6/health": ("A server reports its link and its adapter, and a change at once.", "a server that runs"),
}

_STORIES = {
    "SEL-2/first-open": (3, "priority server1 10; crash client; power_on client; " + RECOVERED, "SEL-4"),
    "SEL-5/ties": (
        3,
        f"link_down server0; {RECOVERED}; link_up server0; {RECOVERED}; crash server1; {RECOVERED}",
        "FOV-7",
    ),
    "SEL-5/standby-reboots": (
        2,
        (
            f"auto 1; {TRAFFIC}; crash server1; {TRAFFIC}; power_on server1; {RECOVERED}; auto 0; crash server1; "
            f"advance 500; power_on server1; {RECOVERED}; activate server0; crash server1; power_on server1; {RECOVERED}"
        ),
        "FOV-7",
    ),
    "SEL-6/nobody-left": (
        2,
        (
            f"auto 0; priority server0 10; crash server0; crash server1; advance 500; power_on server1; {RECOVERED}; "
            f"power_on server0; {RECOVERED}"
        ),
        "FOV-6",
    ),
    "SEL-7/client-reboot": (
        2,
        f"activate server1; {RECOVERED}; crash client; advance 300; power_on client; {RECOVERED}",
        "",
    ),
    "SEL-8/closed": (2, f"close; advance 50; crash server0; advance 50; open; {RECOVERED}", "CLI-6"),
    "FOV-1/crash": (
        2,
        f"priority server0 10; {TRAFFIC}; crash server0; {RECOVERED}; power_on server0; {RECOVERED}",
        "MON-3",
    ),
    "FOV-1/link": (
        2,
        f"priority server0 10; {TRAFFIC}; link_down server0; {RECOVERED}; link_up server0; {RECOVERED}",
        "SRV-6",
    ),
    "FOV-1/adapter-error": (
        3,
        f"priority server0 10; {TRAFFIC}; adapter_error server0; {RECOVERED}; adapter_recover server0; {RECOVERED}",
        "SRV-6",
    ),
    "FOV-1/silence": (
        2,
        f"priority server0 10; {TRAFFIC}; hang server0; {SILENCE}; {RECOVERED}; resume server0; {RECOVERED}",
        "MON-2",
    ),
    "FOV-1/busy-after-crash": (2, f"{TRAFFIC}; crash server0; {BUSY}; power_on server0; {BUSY}", "DAT-3"),
    "FOV-1/busy-after-link": (
        2,
        f"priority server0 10; {TRAFFIC}; link_down server0; {BUSY}; link_up server0; {BUSY}",
        "DAT-3",
    ),
    "FOV-1/software-restarts": (
        2,
        (
            f"priority server0 10; {TRAFFIC}; rmdev server1; {TRAFFIC}; mkdev server1; {TRAFFIC}; rmdev server0; "
            f"advance 500; mkdev server0; {RECOVERED}; rmdev server0; {RECOVERED}; mkdev server0; {RECOVERED}"
        ),
        "MON-3",
    ),
    "FOV-1/preemption": (3, f"priority server2 20; {RECOVERED}; priority server1 10; {RECOVERED}", "ADM-4"),
    "FOV-6/one-server": (1, f"link_down server0; advance 500; link_up server0; {RECOVERED}", "SEL-6"),
    "FOV-6/whole-adapter": (2, f"adapter_error server0; advance 500; adapter_recover server1; {RECOVERED}", "SEL-6"),
    "FOV-10/zombie": (
        2,
        (
            f"auto 0; {TRAFFIC}; hang server0; ping; ping; {SILENCE}; ping; advance 500; {TRAFFIC}; resume server0; "
            f"{TRAFFIC}; {RECOVERED}"
        ),
        "DAT-1",
    ),
    "MON-2/standby": (2, f"hang server1; {SILENCE}; {TRAFFIC}; resume server1; {TRAFFIC}", "ADM-2"),
    "MON-2/together": (3, f"hang server0; hang server1; {SILENCE}; {RECOVERED}", ""),
    "MON-2/in-time": (2, f"advance 20000; {TRAFFIC}; advance 20000; {TRAFFIC}", "MON-1"),
    "ADM-2/add": (2, f"remove server1; {TRAFFIC}; add server1; {TRAFFIC}; priority server1 10; {RECOVERED}", "MON-6"),
    "ADM-3/remove": (2, f"remove server0; {RECOVERED}; remove server1; {TRAFFIC}", ""),
    "ADM-5/auto-off": (2, f"auto 0; priority server1 10; {TRAFFIC}; auto 1; {RECOVERED}", "FOV-7"),
    "ADM-6/activate": (
        3,
        f"priority server0 10; activate server2; {RECOVERED}; priority server1 5; {TRAFFIC}; crash server2; {RECOVERED}",
        "",
    ),
    "ADM-6/refused": (2, f"crash server1; activate server1; {TRAFFIC}; activate server0; {TRAFFIC}", ""),
    "SES-2/complaint": (2, f"complain; {RECOVERED}; complain; {RECOVERED}", "SES-3"),
    "SES-2/alone": (1, f"complain; {RECOVERED}", "MON-5"),
    "CRQ-8/migration": (
        2,
        f"{TRAFFIC}; migrate; {RECOVERED}; activate server1; {RECOVERED}; migrate; {RECOVERED}",
        "CLI-3",
    ),
    "CRQ-8/during-failover": (2, f"crash server0; advance 50; migrate; {RECOVERED}", "CLI-3"),
    "CLI-1/twice": (3, f"crash server0; advance 60; crash server1; {RECOVERED}", "CLI-8"),
    "CLI-1/hung": (2, f"hang client; advance 200; link_down server0; advance 200; resume client; {RECOVERED}", "CLI-3"),
    "CLI-6/close-in-window": (2, f"crash server0; advance 20; close; advance 20; open; {RECOVERED}", "CLI-1"),
    "CLI-6/stays-closed": (2, f"crash server0; advance 20; close; {RECOVERED}; open; {RECOVERED}", ""),
    "CLI-7/many": (
        2,
        (
            f"priority server0 10; crash server0; advance 400; power_on server0; advance 400; link_down server0; "
            f"advance 400; link_up server0; advance 400; {RECOVERED}"
        ),
        "LIV-1",
    ),
    "DAT-1/all-sizes": (2, f"{SIZED}; activate server1; {RECOVERED}; {SIZED}", "DAT-2"),
    "MON-5/delay-begins-anew": (
        2,
        (
            f"priority server0 10; crash server0; {RECOVERED}; power_on server0; advance 3000; link_down server0; "
            f"advance 1000; link_up server0; advance 1000; advance 1000; advance 2000; {RECOVERED}"
        ),
        "INV-4",
    ),
    "DAT-3/quiet-client": (
        2,
        f"priority server0 10; {QUIET}; crash server0; {QUIET}; power_on server0; {QUIET}",
        "CLI-5",
    ),
    "DLG-10/fewer-queues": (3, ELSEWHERE.format(traffic=QUEUES), "CLI-5"),
    "DLG-10/smaller-mtu": (3, ELSEWHERE.format(traffic=SIZED), "DAT-1"),
    "DLG-10/other-offloads": (3, ELSEWHERE.format(traffic=TRAFFIC), "SRV-3"),
    "DLG-10/no-filters-left": (3, ELSEWHERE.format(traffic=TRAFFIC), "CLI-5"),
    "SES-2/dead-port": (
        2,
        (
            f"priority server0 10; {TRAFFIC}; port_dead server0; {TRAFFIC}; advance 5000; {TRAFFIC}; complain; "
            f"{RECOVERED}; port_live server0; {RECOVERED}; activate server0; {RECOVERED}"
        ),
        "DAT-1",
    ),
    "SES-2/dead-standby": (
        2,
        f"{TRAFFIC}; port_dead server1; {TRAFFIC}; crash server0; {RECOVERED}; power_on server0; complain; {RECOVERED}",
        "DAT-2",
    ),
    "CRQ-8/other-devices": (
        4,
        (
            f"{TRAFFIC}; migrate server2 server3; {RECOVERED}; priority server3 10; {RECOVERED}; "
            f"migrate server0 server1 server2 server3; {RECOVERED}; activate server1; {RECOVERED}"
        ),
        "ADM-2",
    ),
    "CRQ-8/fewer-devices": (
        3,
        (
            f"priority server2 10; {TRAFFIC}; migrate server1; {RECOVERED}; crash server0; {TRAFFIC}; "
            f"migrate server1 server2; {RECOVERED}; crash server1; {RECOVERED}"
        ),
        "ADM-3",
    ),
    "LIV-2/quiet": (3, f"{TRAFFIC}; advance 100000; {TRAFFIC}; advance 100000; {TRAFFIC}", "FOV-7"),
}


#: What the servers' ports have, where a story says so: fields of its reset.
_LIMITS: dict[str, Mapping[str, int | str]] = {
    "DLG-10/fewer-queues": {
        "server0_queues": 4,
        "server0_entries": 128,
        "server1_queues": 1,
        "server1_entries": 16,
        "server2_queues": 16,
        "server2_entries": 256,
    },
    "DLG-10/smaller-mtu": {"server0_mtu": 9000, "server1_mtu": 1000, "server2_mtu": 1500},
    "DLG-10/other-offloads": {
        "server0_offloads": "ipv4_checksum tcp_ipv4 udp_ipv4 large_tx_ipv4",
        "server1_headers": 0xF0 << 56,
        "server2_offloads": "tcp_ipv6",
    },
    "DLG-10/no-filters-left": {"server1_macs": 0, "server1_vlans": 0, "server2_macs": 1, "server2_vlans": 1},
}


@dataclass(frozen=True, slots=True)
class Story:
    """A case that is played: so many servers, what is done to them, and what their ports have (fields of the reset)."""

    case: Case
    servers: int
    word: tuple[Stimulus, ...]
    limits: Mapping[str, int | str] = field(default_factory=dict)


def watched() -> list[Case]:
    """The laws, judged at every step."""
    return [
        Case(name, Phase.STEPS, purpose, (name.partition("/")[0],), frozenset(), exercised_by)
        for name, (purpose, exercised_by) in _WATCHED.items()
    ]


def stories() -> list[Story]:
    """The stories."""
    found = []
    for name, (servers, text, also) in _STORIES.items():
        word = parse(text)
        limits = _LIMITS.get(name, {})
        needs = {need for each in word if (need := feature_of(each)) is not None}
        features = frozenset(needs | ({"server_limits"} if limits else set()))
        own = name.partition("/")[0]
        requirements = (own, *([also] if also and also != own else []))
        case = Case(name, Phase.SCRIPT, text, requirements, features)
        found.append(Story(case, servers, word, limits))
    return found

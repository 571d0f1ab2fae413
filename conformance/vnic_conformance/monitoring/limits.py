"""What a kind of record cannot show at all, by groups of requirements: said once, and not per requirement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vnic_spec.vocabulary import Word


class Source(Word):
    """A kind of record. The value is the word for it."""

    KERNEL_LOG = "kernel log"
    CAPTURE = "capture"
    LISTINGS = "listings"


_CLIENT_ONLY: Final = "a client's log shows neither servers nor the console"
_PROVED: Final = "it is about every state, or about the end of all things: proved, not observed"
_DEPTH: Final = "queues, registrations, sub-CRQs and memory themselves are in no log of the driver"
_FRAMES: Final = "no frame is in it"
_OTHER: Final = "nothing that the driver says is a witness of it"
_STATE: Final = "a capture has elements, and not what made the hypervisor send them"
_CALLS: Final = "calls, memory and time of the partners are not in a capture of elements"
_LISTED: Final = "listings show the selection, and nothing of queues and partners"
_MOMENTS: Final = "what happens between two listings is not seen"

#: The reason by source and group.
UNSEEN: Final[Mapping[Source, Mapping[str, str]]] = {
    Source.KERNEL_LOG: {
        **dict.fromkeys(("SEL", "MON", "FOV", "ADM"), _CLIENT_ONLY),
        **dict.fromkeys(("INV", "LIV"), _PROVED),
        "CRQ": _DEPTH,
        "DAT": _FRAMES,
        **dict.fromkeys(("SES", "CLI", "SRV", "DLG"), _OTHER),
    },
    Source.CAPTURE: {
        **dict.fromkeys(("SEL", "MON", "FOV", "ADM", "SES", "CRQ"), _STATE),
        **dict.fromkeys(("INV", "LIV"), _PROVED),
        "DAT": _FRAMES,
        **dict.fromkeys(("CLI", "SRV", "DLG"), _CALLS),
    },
    Source.LISTINGS: {
        **dict.fromkeys(("CRQ", "SES", "CLI", "SRV", "DLG", "DAT"), _LISTED),
        **dict.fromkeys(("SEL", "MON", "FOV", "ADM"), _MOMENTS),
        **dict.fromkeys(("INV", "LIV"), _PROVED),
    },
}

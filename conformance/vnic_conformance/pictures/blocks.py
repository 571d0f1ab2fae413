"""Numbers of the capture format pcapng, for those who write captures and those who read them.

Source: IETF draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from typing import Final

#: Types of blocks.
SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
SIMPLE_PACKET: Final = 3
PACKET: Final = 6
#: How a section says its order of bytes.
MAGIC: Final = 0x1A2B3C4D
#: Codes of options: of any block, of a section, of an interface (two), of a packet.
COMMENT: Final = 1
APPLICATION: Final = 4
NAME: Final = 2
RESOLUTION: Final = 9
FLAGS: Final = 2
#: The first of the link types that are free for users; those of ours follow each other (:class:`~.formats.Link`).
USER0: Final = 147
#: The link type of frames.
ETHERNET: Final = 1
#: What a capture of ours names as the program that wrote it.
WRITER: Final = "vnickit"

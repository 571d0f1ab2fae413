"""The VNIC protocol's bytes, shared by the VNIC client and the VNIC server: words and numbers, no behaviour.

:mod:`~vnic_reference.dialogue.elements` the commands on the CRQ, :mod:`~vnic_reference.dialogue.buffers` what lies in
memory and is reached by DMA, :mod:`~vnic_reference.dialogue.descriptors` what travels on sub-CRQs,
:mod:`~vnic_reference.dialogue.arena` where either side puts its own buffers.

Where the architecture text and the Linux driver disagree the driver's layout is taken, so that an unmodified driver
would be served (protocol.md 6, item 13).
"""

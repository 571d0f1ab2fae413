"""The unmodified Linux VNIC client driver, ibmvnic, as something that the kit can drive.

A kernel with the driver is built for User-Mode Linux (:mod:`~vnic_conformance.linux.build`) and runs as a process whose
hypervisor calls, interrupts, DMA mappings and clock are ours (:mod:`~vnic_conformance.linux.guest`). What runs inside the
kernel is in the directory ``glue`` and has a licence of its own, GPL-2.0; this package talks to it across sockets.

``docs/linux.md`` tells how to build and what cannot be seen this way.
"""

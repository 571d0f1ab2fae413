"""What a user does in a guest, as shell commands: for :meth:`~vnic_conformance.linux.guest.Guest.command`.

Every action is a real tool's: busybox where it can, vnictool (``glue/guest/vnictool.c``) where it cannot.
"""

from __future__ import annotations

import shlex

_SYSFS_DRIVER = "/sys/bus/vio/drivers/ibmvnic"


def open_device(name: str, address: str = "") -> str:
    """Bring a network device up; the exit code is the error number.

    Args:
        name: of the device.
        address: an IPv4 address with its prefix, ``10.0.0.1/24``, that it gets before, unless it has it.
    """
    return f"vnictool up {shlex.quote(name)} {shlex.quote(address) if address else ''}".rstrip()


def close_device(name: str) -> str:
    """Take a network device down; the exit code is the error number."""
    return f"vnictool down {shlex.quote(name)}"


def set_address(name: str, address: str) -> str:
    """Give a network device an IPv4 address, with its prefix: ``10.0.0.1/24``."""
    return f"ip addr add {shlex.quote(address)} dev {shlex.quote(name)}"


def set_mtu(name: str, mtu: int) -> str:
    """Change the MTU, in bytes."""
    return f"ip link set {shlex.quote(name)} mtu {mtu}"


def set_mac(name: str, mac: str) -> str:
    """Change the MAC: ``02:00:00:00:00:01``."""
    return f"ip link set {shlex.quote(name)} address {shlex.quote(mac)}"


def set_channels(name: str, rx: int, tx: int) -> str:
    """Change the numbers of receive and transmit queues."""
    return f"vnictool channels {shlex.quote(name)} {rx} {tx}"


def set_rings(name: str, rx: int, tx: int) -> str:
    """Change the numbers of receive and transmit descriptors."""
    return f"vnictool rings {shlex.quote(name)} {rx} {tx}"


def join(name: str, mac: str) -> str:
    """Receive frames to a multicast MAC."""
    return f"vnictool join {shlex.quote(name)} {shlex.quote(mac)}"


def leave(name: str, mac: str) -> str:
    """Receive frames to a multicast MAC no longer."""
    return f"vnictool leave {shlex.quote(name)} {shlex.quote(mac)}"


def send_frame(name: str, frame: bytes) -> str:
    """Send a frame, destination first; the exit code is the error number."""
    return f"vnictool send {shlex.quote(name)} {frame.hex()}"


def hear() -> str:
    """From now on tell the host of every frame that comes (:attr:`~vnic_conformance.linux.guest.Guest.heard`)."""
    return "vnictool hear"


def set_promiscuous(name: str, on: bool) -> str:
    """Receive every frame, or no longer."""
    return f"ifconfig {shlex.quote(name)} {'' if on else '-'}promisc"


def read_counters(name: str) -> str:
    """Print the driver's own counters; it asks the server for some of them."""
    return f"vnictool counters {shlex.quote(name)}"


def read_settings(name: str) -> str:
    """Print link, speed and duplex; the driver asks the server for them."""
    return f"vnictool settings {shlex.quote(name)}"


def complain(name: str) -> str:
    """Ask for a failover (SES-2)."""
    return f"echo 1 > /sys/class/net/{shlex.quote(name)}/device/failover"


def unbind(unit: int) -> str:
    """Take a device away from its driver; it stays on the bus."""
    return f"echo {unit:x} > {_SYSFS_DRIVER}/unbind"


def bind(unit: int) -> str:
    """Give a device on the bus to its driver."""
    return f"echo {unit:x} > {_SYSFS_DRIVER}/bind"


def unload() -> str:
    """Remove the driver's module."""
    return "rmmod ibmvnic"


def load() -> str:
    """Load the driver's module again."""
    return "insmod /ibmvnic.ko"


def ping(to: str, count: int, interval_s: float = 0.2) -> str:
    """Send echo requests, and print what came of them; the exit code is 0 if at least one was answered."""
    return f"ping -q -c {count} -i {interval_s:g} -W 1 {shlex.quote(to)}"


def send_tcp(host: str, port: int, size: int) -> str:
    """Send so many bytes, all zero, over one TCP connection; it ends when that is closed by both."""
    return f"head -c {size} /dev/zero | nc -w 600 {shlex.quote(host)} {port}"


def scan_for_leaks() -> str:
    """Have kmemleak look for memory that nobody points to; what it finds is on the console. Kernels with sanitizers only.

    An object has to be older than 5 s, and a pointer in a register may hide it: the second scan counts.
    """
    return "sleep 6; echo scan > /sys/kernel/debug/kmemleak; sleep 6; echo scan > /sys/kernel/debug/kmemleak"

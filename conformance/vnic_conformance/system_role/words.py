"""What is done to a system, written as words: ``crash server0; advance 4000; ping``."""

from __future__ import annotations

from vnic_conformance.stimulus import CONSOLE, PLATFORM, Stimulus, advance
from vnic_conformance.system_role.oracle import APPLICATION, NETWORK

#: Who does what to whom: the field that names the target, and the field of a value.
CALLS: dict[str, tuple[str, str, str]] = {
    "power_on": (PLATFORM, "target", ""),
    "power_off": (PLATFORM, "target", ""),
    "crash": (PLATFORM, "target", ""),
    "hang": (PLATFORM, "target", ""),
    "resume": (PLATFORM, "target", ""),
    "migrate": (PLATFORM, "", ""),
    "rmdev": (PLATFORM, "target", ""),
    "mkdev": (PLATFORM, "target", ""),
    "link_down": (NETWORK, "server", ""),
    "link_up": (NETWORK, "server", ""),
    "port_dead": (NETWORK, "server", ""),
    "port_live": (NETWORK, "server", ""),
    "adapter_error": (NETWORK, "server", ""),
    "adapter_recover": (NETWORK, "server", ""),
    "send": (NETWORK, "", ""),
    "ping": (APPLICATION, "", ""),
    "open": (APPLICATION, "", ""),
    "close": (APPLICATION, "", ""),
    "complain": (APPLICATION, "", ""),
    "add": (CONSOLE, "server", ""),
    "remove": (CONSOLE, "server", ""),
    "activate": (CONSOLE, "server", ""),
    "priority": (CONSOLE, "server", "value"),
    "auto": (CONSOLE, "", "value"),
}
#: What a call asks of an implementation beyond the minimum.
NEEDS = {
    **dict.fromkeys(("power_on", "power_off", "crash"), "power"),
    "migrate": "migration",
    **dict.fromkeys(("rmdev", "mkdev"), "restart"),
    **dict.fromkeys(("port_dead", "port_live"), "dead_ports"),
    **dict.fromkeys(("add", "remove", "activate", "priority", "auto"), "console"),
}
#: Calls that may say how many bytes their frame is to have.
SIZED = ("ping", "send")


def stimulus(words: str) -> Stimulus:
    """One stimulus: the call, its target, its value.

    Raises:
        ValueError: there is no such call.
    """
    call, *rest = words.split()
    if call == "advance":
        return advance(int(rest[0]))
    if call not in CALLS:
        raise ValueError(f"{call!r} is nothing that is done to a system")
    who, target, value = CALLS[call]
    arguments: dict[str, int | str] = {}
    if target:
        arguments[target] = rest.pop(0)
    if value:
        arguments[value] = int(rest.pop(0))
    if call in SIZED and rest:
        arguments["length"] = int(rest.pop(0))
    if call == "migrate" and rest:
        arguments["servers"] = " ".join(rest)
    return Stimulus.of(who, call, **arguments)


def parse(text: str) -> tuple[Stimulus, ...]:
    """Stimuli with semicolons between."""
    return tuple(stimulus(words) for words in text.split(";") if words.strip())


def written(each: Stimulus) -> str:
    """A stimulus as words."""
    return " ".join([each.call, *(str(value) for _, value in each.arguments)])


def feature_of(each: Stimulus) -> str | None:
    """The feature that an implementation has to claim for a stimulus."""
    if each.call == "migrate" and "servers" in each.given:
        return "other_devices"
    return "frame_sizes" if "length" in each.given else NEEDS.get(each.call)

"""What a scenario can make happen, carried out on a system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from vnic_reference.console import Reply
from vnic_reference.machine import CLIENT_PARTITION, FIRST_SERVER_PARTITION
from vnic_reference.system.scenario import CLIENT, CONSOLE, Happening

if TYPE_CHECKING:
    from vnic_reference.system.system import System

DONE: Final = "done"


class Actions:
    """The names of :data:`~vnic_reference.system.scenario.ACTIONS`, each as what it does.

    Args:
        system: what it is done to.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        console = system.machine.console
        self._acts: Final[Mapping[str, Callable[[str, int], str]]] = {
            "crash": lambda target, _: self._power_off(target, crash=True),
            "power_off": lambda target, _: self._power_off(target, crash=False),
            "power_on": lambda target, _: self._power_on(target),
            "hang": lambda target, _: self._hang(target),
            "resume": lambda target, _: self._resume(target),
            "link_down": lambda target, _: self._server_link(target, up=False),
            "link_up": lambda target, _: self._server_link(target, up=True),
            "host_link_down": lambda target, _: self._host_link(target, up=False),
            "host_link_up": lambda target, _: self._host_link(target, up=True),
            "adapter_error": lambda target, _: _done(system.adapters[_number(target)].fail(), "it is in error already"),
            "adapter_recover": lambda target, _: _done(
                system.adapters[_number(target)].recover(), "it is not in error"
            ),
            "deregister": lambda target, _: self._deregister(target),
            "register": lambda target, _: self._register(target),
            "add": lambda target, _: _answer(console.add(system.backing_device(self._index(target)))),
            "remove": lambda target, _: _answer(console.remove(self._index(target))),
            "activate": lambda target, _: _answer(console.activate(self._index(target))),
            "priority": lambda target, value: _answer(console.set_priority(self._index(target), value)),
            "auto": lambda _, value: _answer(console.set_auto(bool(value))),
            "complain": lambda *_: self._complain(),
            "migrate": lambda target, _: self._migrate(target),
            "port_dead": lambda target, _: self._port_dead(target, dead=True),
            "port_live": lambda target, _: self._port_dead(target, dead=False),
            "open": lambda *_: self._wish(wants_open=True),
            "close": lambda *_: self._wish(wants_open=False),
        }

    def carry_out(self, do: str, target: str, value: int) -> str:
        """Do it, and write it down; what was answered: ``done`` or why not."""
        system = self._system
        text = str(Happening(system.now, do, target, value))
        for observer in system.observers:
            observer.action(system.now, do, text)
        entry = len(system.timeline.entries)
        answer = self._acts[do](target, value)
        # The action stands before what it caused.
        system.timeline.add(
            system.now, "action", CONSOLE, f"** {text}" + ("" if answer == DONE else f": {answer}"), do=do
        )
        entries = system.timeline.entries
        entries.insert(entry, entries.pop())
        return answer

    def _index(self, name: str) -> int:
        return self._system.scenario.server(name)

    def _partition(self, name: str) -> int:
        return CLIENT_PARTITION if name == CLIENT else FIRST_SERVER_PARTITION + self._index(name)

    def _power_off(self, target: str, *, crash: bool) -> str:
        system, partition = self._system, self._partition(target)
        done = system.machine.crash(partition) if crash else system.machine.power_off(partition)
        if not done:
            return "the partition does not run"
        if target == CLIENT:
            system.client = None
            system.hung.discard(None)
        else:
            index = self._index(target)
            system.servers[index] = None
            system.hung.discard(index)
            system.ports[index].reset_filters()
        return DONE

    def _power_on(self, target: str) -> str:
        system = self._system
        if not system.machine.power_on(self._partition(target)):
            return "the partition runs already"
        if target == CLIENT:
            system.boot_client()
        else:
            system.boot_server(self._index(target))
        return DONE

    def _hang(self, target: str) -> str:
        who = None if target == CLIENT else self._index(target)
        if who in self._system.hung:
            return "it hangs already"
        if (self._system.client if who is None else self._system.servers[who]) is None:
            return "there is nothing that could hang"
        self._system.hung.add(who)
        return DONE

    def _resume(self, target: str) -> str:
        who = None if target == CLIENT else self._index(target)
        if who not in self._system.hung:
            return "it does not hang"
        self._system.hung.remove(who)
        return DONE

    def _server_link(self, target: str, *, up: bool) -> str:
        self._system.switch.set_link(self._system.ports[self._index(target)].physical.cable, up)
        return DONE

    def _port_dead(self, target: str, *, dead: bool) -> str:
        """The port keeps its link, and forwards nothing (or does again)."""
        self._system.ports[self._index(target)].physical.dead = dead
        return DONE

    def _migrate(self, target: str) -> str:
        """The client's partition goes elsewhere; ``target`` names the servers there, with blanks between, "" the same."""
        devices = [self._system.backing_device(self._index(name)) for name in target.split()]
        return _done(self._system.machine.migrate(devices), "the client's partition does not run")

    def _host_link(self, target: str, *, up: bool) -> str:
        self._system.switch.set_link(self._system.hosts[self._system.scenario.host(target)].cable, up)
        return DONE

    def _deregister(self, target: str) -> str:
        """The server is taken out of its partition (rmdev); the partition runs on."""
        index = self._index(target)
        if self._system.servers[index] is None:
            return "there is no server"
        self._system.servers[index] = None
        self._system.hung.discard(index)
        self._system.ports[index].reset_filters()
        self._system.machine.servers[index].free_crq()
        return DONE

    def _register(self, target: str) -> str:
        """A new server in its partition (mkdev)."""
        index = self._index(target)
        if self._system.servers[index] is not None:
            return "there is one"
        if not self._system.machine.partitions[self._partition(target)].powered:
            return "the partition does not run"
        self._system.boot_server(index)
        return DONE

    def _complain(self) -> str:
        """The client's user asks for a failover (SES-1, SES-2)."""
        client = self._system.client
        if client is None:
            return "the client's partition does not run"
        return _done(client.complain(), "refused; the client recovers by itself")

    def _wish(self, *, wants_open: bool) -> str:
        system = self._system
        system.wants_open = wants_open
        if system.client is None:
            return DONE
        if wants_open:
            system.client.open()
        else:
            system.client.close()
        return DONE


def _done(done: bool, why_not: str) -> str:
    return DONE if done else why_not


def _answer(reply: Reply) -> str:
    return DONE if reply.refusal is None else f"refused, {reply.refusal.value}"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError(f"{text[:40]!r} is no number of an adapter")
    return int(text)

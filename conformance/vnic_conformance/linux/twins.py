"""Sessions that differ only in what happens inside a call, played from one boot.

Up to that call they are the same. One guest goes all the way; where something is to happen, a process of ours is forked, which
goes on with a twin of the guest (:meth:`~vnic_conformance.linux.guest.Guest.become_twin`) and plays the rest. What it tells is
the same, to the byte, as if it had been played from its own boot.
"""

from __future__ import annotations

import gc
import os
import pickle
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from vnic_conformance.client_role.happenings import Called
from vnic_conformance.client_role.partner import Partner
from vnic_conformance.client_role.stories import Word
from vnic_conformance.client_role.words import PARTNER, happens_inside, inside
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.playing import Played, play

#: So few sessions are not worth a guest that stands for them; so many are played without a break.
_FEW, _MANY = 2, 50


@dataclass(frozen=True, slots=True)
class Inside:
    """A session with something inside a call.

    Attributes:
        place: among all that is played.
        name: of the session.
        call: counted from the stimulus before which it would be told.
        event: what happens.
    """

    place: int
    name: str
    call: int
    event: str


@dataclass(frozen=True, slots=True)
class Family:
    """Sessions that are the same but for that.

    Attributes:
        word: what is done in all of them.
        begins: the stimulus from which calls are counted.
        members: the sessions.
    """

    word: Word
    begins: int
    members: tuple[Inside, ...]


class _Enough(Exception):  # noqa: N818 - it is no error
    """Nothing more is to happen in this family."""


def families(words: Sequence[tuple[str, Word]], jobs: int = 1) -> tuple[list[Family], list[int]]:
    """What can be played from one boot, and the places of what has to be played by itself.

    Args:
        words: what is played, by name.
        jobs: how many processes play: into so many parts, or more, each is divided.
    """
    found: dict[tuple[int, Word], list[Inside]] = {}
    alone: list[int] = []
    for place, (name, word) in enumerate(words):
        at = [number for number, each in enumerate(word) if (each.who, each.call) == (PARTNER, "inside")]
        if len(at) != 1:
            alone.append(place)
            continue
        given = word[at[0]].given
        rest = (*word[: at[0]], *word[at[0] + 1 :])
        found.setdefault((at[0], rest), []).append(Inside(place, name, int(given["at"]), str(given["name"])))
    made = []
    for (begins, word), members in found.items():
        if len(members) <= _FEW:
            alone += [each.place for each in members]
            continue
        parts = max(jobs, -(-len(members) // _MANY))
        # Neighbouring calls go to different parts: each part stands in early calls and in late ones.
        for part in range(parts):
            taken = tuple(each for number, each in enumerate(sorted(members, key=_call)) if number % parts == part)
            if taken:
                made.append(Family(word, begins, taken))
    return made, sorted(alone)


def _call(each: Inside) -> int:
    return each.call


def play_family(client: LinuxClient, family: Family) -> Iterator[tuple[int, Played]]:
    """Play every session of a family; each with its place.

    Raises:
        GuestError: a guest does not come up.
    """
    members = sorted(family.members, key=_call)
    told: dict[int, Played] = {}
    ours = _Ours()

    def begin(partner: Partner) -> None:
        first = partner.calls

        def within(number: int, called: Called) -> None:
            for each in [each for each in members if each.call == number - first]:
                result = ours.fork(client)
                if result is None:
                    partner.inside.remove(within)
                    ours.member = each
                    happens_inside(partner, each.event, called)
                    return
                told[each.place] = result
            if number - first >= members[-1].call:
                raise _Enough

        partner.inside.append(within)

    try:
        result = play(client, "", family.word, before=(family.begins, begin))
        if ours.member is not None:
            ours.end(client, replace(result, name=ours.member.name))
    except _Enough:
        pass
    except BaseException as error:
        if ours.member is not None or ours.forked:
            ours.end(client, f"{type(error).__name__}: {error}")
        raise
    yield from told.items()
    # What was to happen in a call that did not come is played like any other.
    for each in members:
        if each.place not in told:
            yield each.place, play(client, each.name, _whole(family, each))


def _whole(family: Family, each: Inside) -> Word:
    word = family.word
    return (*word[: family.begins], inside(each.call, each.event), *word[family.begins :])


class _Ours:
    """What a process knows of itself.

    Attributes:
        forked: it goes on with a twin.
        member: the session that it plays, once it does.
    """

    def __init__(self) -> None:
        self.forked = False
        self.member: Inside | None = None
        self._tells = -1

    def fork(self, client: LinuxClient) -> Played | None:
        """Play the rest in a process of its own: None there, and here what it tells in the end.

        Raises:
            GuestError: it could not.
        """
        hears, tells = os.pipe()
        with warnings.catch_warnings():
            # The threads that are left behind boot guests and wait for our end; the child needs neither.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(hears)
            self._tells, self.forked = tells, True
            # What nobody changes stays shared.
            gc.disable()
            client.guest.become_twin()
            return None
        os.close(tells)
        with open(hears, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        guest, result = pickle.loads(said) if said else (0, "it ended without a word")
        if guest:
            os.waitpid(guest, 0)
        if isinstance(result, str):
            raise GuestError(f"a twin of a guest failed: {result}")
        made: Played = result
        return made

    def end(self, client: LinuxClient, result: Played | str) -> NoReturn:
        """Tell what came of it, and be no more: nothing that the parent has begun is ours to end."""
        # Whatever comes: no copy of ours may go on with what the parent was doing.
        try:
            guest = client.guest
            twin = guest.process_id if guest.is_twin else 0
            if guest.is_twin:
                guest.close()
            with open(self._tells, "wb") as pipe:
                pickle.dump((twin, result), pipe)
        finally:
            os._exit(0)

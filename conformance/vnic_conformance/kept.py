"""What a verb that plays nothing answers, kept: it depends on nothing but this kit's own text.

The list of cases, and what there is to say about a name, take a second or two to find. They are kept in the user's cache
directory under a name that changes with every line of the kit. What is found there counts only if it is whole and says that it
is the answer to the same question by the same text; else it is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import vnic_conformance
import vnic_model
import vnic_spec
from vnic_model import cache
from vnic_model.intake import Fields, IntakeError, record_of

T = TypeVar("T")


def kept(question: str, read: Callable[[Fields], T], make: Callable[[], dict[str, object]]) -> T:
    """The answer to a question: the one that is kept, or a new one, which is kept then.

    Args:
        question: what is asked for, in words that name nothing else.
        read: takes an answer apart; raises :class:`IntakeError` if it is none.
        make: the answer as plain data. What it raises is not kept.
    """
    home = cache.home()
    if home is None:
        return read(_read_back(make()))
    key = _key(question)
    file = home / f"answer-{key[:24]}.json"
    data = cache.found(file)
    if data is not None:
        try:
            return read(cache.record(data, key, "answer", "answer").inner("answer"))
        except IntakeError:
            pass
    made = make()
    cache.keep(file, json.dumps({"key": key, "answer": made}, separators=(",", ":")).encode())
    return read(_read_back(made))


def _read_back(made: dict[str, object]) -> Fields:
    """A new answer, as it would come out of the cache: who reads it cannot tell the two apart."""
    return Fields(record_of(json.dumps(made)), "answer")


def _key(question: str) -> str:
    """The question and the whole text of the kit, as one digest."""
    places = (place for package in (vnic_spec, vnic_model, vnic_conformance) for place in package.__path__)
    text = cache.digest_of(file for place in places for file in sorted(Path(place).rglob("*.py")))
    return hashlib.sha256(text + question.encode("utf-8", "surrogatepass")).hexdigest()

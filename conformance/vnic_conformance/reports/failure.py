"""One failure as a person wants to see it: four things first, then the trace.

Requirement and its sentence; what came; everything that was allowed, with the requirement that allows it; the command that
shows it again, and how often it came again. At most 100 columns, no colour needed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from vnic_conformance.reports import naming
from vnic_conformance.reports.lanes import ShownStep, legend, lines_of_steps, shown_steps
from vnic_conformance.reports.steps import drawn, steps_alone
from vnic_conformance.running.episode import retrace
from vnic_conformance.running.events import AdapterFailed, Failure
from vnic_conformance.running.role import role_named
from vnic_model import describe
from vnic_model.trace_text import WIDTH, Line, flow, labelled
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import REQUIREMENTS


def replay_command(file: str, case: str, adapter: str) -> str:
    """What to type to see a failure again."""
    return f"vnickit replay {shlex.quote(file)} --case {shlex.quote(case)} --adapter {shlex.quote(adapter)}"


def failure_lines(failure: Failure, *, adapter: str, file: str | None) -> list[Line]:
    """A failure: verdict, setting, trace, legend.

    Args:
        failure: what was found.
        adapter: the implementation, as ``--adapter`` names it.
        file: the log that holds the failure; None: there is none.
    """
    if failure.shown:
        return list(_in_words(failure, adapter, file))
    steps = shown_steps(retrace(failure.episode))
    lines = [*_verdict(failure, steps), *_again(failure, adapter, file), *_setting(failure), Line("")]
    drawn, lanes = lines_of_steps(steps)
    lines += drawn
    lines.append(Line(f"  >>  {lanes.blank()} here it leaves the specification ({failure.requirement})", "point"))
    lines += _divergence(failure)
    return [*lines, Line(""), *legend(steps, lanes)]


def came_words(failure: Failure) -> str:
    """What came at the violation, in words."""
    return failure.shown or _came(failure)


def allowed_words(failure: Failure) -> tuple[str, ...]:
    """Everything that was allowed at the violation, in words."""
    return tuple(a.words for a in failure.allowed) if failure.shown else tuple(_allowed(failure))


def _in_words(failure: Failure, adapter: str, file: str | None) -> Iterator[Line]:
    """A failure of which the oracle says in words what came and what was allowed."""
    by = dict.fromkeys(requirement for a in failure.allowed for requirement in a.by)
    yield from labelled("FAIL", f"{', '.join(by)}: {failure.sentence}", "bad")
    yield from labelled("came", failure.shown, "verdict")
    for number, alternative in enumerate(failure.allowed):
        yield from labelled("allowed" if number == 0 else "  or", alternative.words, "verdict")
    yield from _again(failure, adapter, file)
    missed = failure.rerun is not None and failure.rerun.runs and not failure.rerun.failed
    words = f"phase {failure.played or failure.phase}{'; the same steps did not show it again' if missed else ''}"
    yield from labelled("found", words, "plain")
    yield Line("")
    yield from drawn(retrace(failure.episode), failure.episode.setting)


# --- the verdict -----------------------------------------------------------------------------------------------------


def _verdict(failure: Failure, steps: Sequence[ShownStep]) -> Iterator[Line]:
    text = requirement_text(failure.requirement, failure.sentence)
    yield from labelled("FAIL", f"{failure.requirement.partition('/')[0]}  {text}", "bad")
    if failure.sentence != text:
        named = f"{failure.requirement}: " if failure.requirement in PROPERTIES else ""
        yield from labelled("required", f"{named}{failure.sentence}", "verdict")
    if steps:
        step = steps[-1]
        words = f"{step.words} → {step.answer}" if step.answer else step.words
        came = f"step {step.number}: {words}. {_came(failure)}"
    else:
        came = f"after reset: {_came(failure)}"
    yield from labelled("came", came, "verdict")
    for number, words in enumerate(_allowed(failure)):
        yield from labelled("allowed" if number == 0 else "  or", words, "verdict")


def requirement_text(hurt: str, sentence: str) -> str:
    """What the requirement that is hurt says; of one that this kit does not know, the sentence of the failure."""
    entry = REQUIREMENTS.get(hurt.partition("/")[0])
    return sentence if entry is None else entry.text


def _came(failure: Failure) -> str:
    seen = what_came(failure)
    if not seen:
        return "Nothing that may happen by itself leads to what was seen."
    return f"Seen: {'; '.join(_fields_that_came(failure))}."


def what_came(failure: Failure) -> dict[str, object]:
    """Every field in which something that was allowed differs from what came, with what came."""
    episode = failure.episode
    came = episode.moments[-1].came if episode.moments else episode.start
    return {name: came.get(name) for alternative in failure.allowed for name in alternative.instead}


def _fields_that_came(failure: Failure) -> list[str]:
    instead = {name: value for a in reversed(failure.allowed) for name, value in a.instead.items()}
    return [
        f"{naming.field_name(name)}: not there" if value is None else _field(name, value, instead[name])
        for name, value in what_came(failure).items()
    ]


def _field(name: str, value: object, beside: object) -> str:
    """A field in words; where what it is compared with has the same words, with the bytes, which then differ."""
    words = naming.field_value(name, value)
    if name.endswith("_queue") and words == naming.field_value(name, beside):
        words = _bytes_that_differ(value, beside)
    return f"{naming.field_name(name)}: {words}"


def _bytes_that_differ(value: object, beside: object) -> str:
    own, other = (list(v) if isinstance(v, tuple) else str(v).split() for v in (value, beside))
    found = [
        f"{naming.element_name(one)} {describe.hex_groups(one.rstrip('*'))}"
        for one, two in zip(own, other, strict=False)
        if one != two and not (one.startswith(two.rstrip("*")) or two.startswith(one.rstrip("*")))
    ]
    return ", ".join(found)


def _allowed(failure: Failure) -> list[str]:
    """Everything that was allowed, each once, with the requirement that allows it."""
    if not failure.allowed:
        return ["that nothing happens, or that a report that is due is missed (MON-2)"]
    came = what_came(failure)
    return [
        f"{'; '.join(_field(name, value, came.get(name)) for name, value in a.instead.items())}, by {', '.join(a.by)}"
        for a in failure.allowed
    ]


def _again(failure: Failure, adapter: str, file: str | None) -> Iterator[Line]:
    command = replay_command(file, failure.case, adapter) if file else f"vnickit check --adapter {shlex.quote(adapter)}"
    yield from labelled("replay", command, "verdict")
    facts = [str(failure.rerun)] if failure.rerun is not None and failure.rerun.runs else []
    facts += [failure.length_note] if failure.length_note else []
    if facts:
        yield from labelled("", "; ".join(facts), "verdict")


def _setting(failure: Failure) -> Iterator[Line]:
    many = "1 server" if failure.episode.servers == 1 else f"{failure.episode.servers} servers"
    differing = failure.episode.profile.differences()
    profile = ", ".join(f"{k} = {v}" for k, v in differing.items()) or "default"
    words = f"{failure.phase}, after {failure.found_after:,} steps; {many}; profile: {profile}"
    yield from labelled("found by", words, "plain")


# --- where it diverges -----------------------------------------------------------------------------------------------


def _divergence(failure: Failure) -> Iterator[Line]:
    yield from _row("came", _fields_that_came(failure) or ["nothing that is allowed"])
    for words in _allowed(failure):
        yield from _row("allowed", [words])


def _row(label: str, phrases: Sequence[str]) -> Iterator[Line]:
    for number, line in enumerate(flow(phrases, WIDTH - 15)):
        yield Line(f"{'      ' + label if number == 0 else '':<15}{line}", "point")


# --- an adapter that broke -------------------------------------------------------------------------------------------


def broken_lines(failed: AdapterFailed) -> list[Line]:
    """What an adapter did, with the steps that led there."""
    lines = [Line(line, "bad" if number == 0 else "plain") for number, line in enumerate(failed.text.splitlines())]
    if failed.episode is None or not (failed.episode.moments or failed.stimulus):
        return lines
    setting = failed.episode.setting
    retraced = retrace(failed.episode)[1:] if failed.episode.start else []
    if retraced:
        last = retraced[-12:]
        lines += [Line(""), Line(f"  the last {len(last)} of {len(retraced)} steps since the last reset:")]
        lines += steps_alone(last, setting)
    if failed.stimulus is not None:
        phrase = role_named(setting.role).phrase(failed.stimulus)
        lines.append(Line(f"  >>  then: {phrase}; no answer", "point"))
    return lines


# --- the same as data ------------------------------------------------------------------------------------------------


def plain_failure(failure: Failure) -> Mapping[str, object]:
    """A failure with its trace as plain data."""
    if failure.shown:
        return _plain_in_words(failure)
    steps = shown_steps(retrace(failure.episode))
    return {
        "case": failure.case,
        "requirement": failure.requirement,
        "sentence": failure.sentence,
        "came": what_came(failure),
        "allowed": [
            {"expected": {name: _plain(value) for name, value in a.instead.items()}, "by": list(a.by)}
            for a in failure.allowed
        ],
        "failed_again": None if failure.rerun is None else {"failed": failure.rerun.failed, "runs": failure.rerun.runs},
        "length": failure.length_note,
        "phase": failure.phase,
        "servers": failure.episode.servers,
        "profile": failure.episode.profile.differences(),
        "steps": [
            {
                "step": step.number,
                "now_ms": step.now,
                "lane": step.lane,
                "who": moment.stimulus.who,
                "call": moment.stimulus.call,
                "with": dict(moment.stimulus.arguments),
                "words": step.words,
                "answer": step.answer,
                "fault": step.fault,
                "meanwhile": list(step.meanwhile),
                "elements": [
                    {"deed": e.deed, "from": e.sender, "to": e.receiver, "name": e.name, "bytes": e.bytes}
                    for e in step.elements
                ],
                "changes": list(step.changes),
                "verdict": "ok" if step.ok else "fail",
            }
            for step, moment in zip(steps, failure.episode.moments, strict=False)
        ],
    }


def _plain_in_words(failure: Failure) -> Mapping[str, object]:
    setting = failure.episode.setting
    phrase = role_named(setting.role).phrase
    return {
        "case": failure.requirement,
        "requirement": ", ".join(dict.fromkeys(r for a in failure.allowed for r in a.by)),
        "sentence": failure.sentence,
        "came": failure.shown,
        "allowed": "; or ".join(a.words for a in failure.allowed),
        "phase": failure.played or failure.phase,
        "again": failure.rerun is not None and failure.rerun.failed > 0,
        "servers": setting.servers,
        "limits": dict(setting.limits),
        "steps": [phrase(stimulus) for stimulus in failure.episode.word],
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value

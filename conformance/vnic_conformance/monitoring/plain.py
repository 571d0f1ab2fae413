"""What ``vnickit monitor --json`` says: everything that was told and judged, as plain data."""

from __future__ import annotations

from vnic_conformance.monitoring.judging import Judged, Outcome
from vnic_conformance.monitoring.report import causes, told_of
from vnic_conformance.monitoring.seen import Seen, Stamp
from vnic_conformance.monitoring.story import Chapter, Recovery


def plain(judged: Judged, file: str) -> dict[str, object]:
    """The report as one object."""
    record = judged.record
    return {
        "file": file,
        "source": record.source,
        "written_by": record.written_by,
        "lines": record.lines,
        "about_something_else": record.others,
        "exit": int(judged.code),
        "devices": [_chapter(chapter) for chapter in judged.chapters],
        "vnics": _listings(judged),
        "cannot_tell_which_vnic": judged.listings is not None and bool(judged.listings.unclear),
        "contradicted": [_outcome(outcome) for outcome in judged.contradicted],
        "not_contradicted": [_outcome(outcome) for outcome in judged.borne_out],
        "not_decidable": [_outcome(outcome) for outcome in judged.undecided],
        "beyond": [{"why": why, "requirements": list(ids)} for why, ids in judged.beyond.items()],
        "unknown": [{"place": seen.place, "text": seen.text} for seen in record.unknown],
    }


def _chapter(chapter: Chapter) -> dict[str, object]:
    parts = [_recovery(part) if isinstance(part, Recovery) else {"event": _seen(part)} for part in chapter.parts]
    return {"unit": chapter.unit, "name": chapter.name, "story": parts}


def _recovery(recovery: Recovery) -> dict[str, object]:
    return {
        "recovery": causes(recovery),
        "causes": recovery.causes,
        "over": recovery.well is not None,
        "took_s": _rounded(recovery.took()),
        "reached": {one.name: _rounded(recovery.took(one)) for one in recovery.reached},
        "more_logins": recovery.logins,
        "steps": [_seen(step) for step in recovery.steps],
    }


def _seen(seen: Seen) -> dict[str, object]:
    made: dict[str, object] = {
        "place": seen.place,
        "time_s": _seconds(seen.time),
        "what": seen.what.name,
        "words": seen.words,
    }
    if seen.element:
        made["element"] = seen.element.hex()
    return made


def _seconds(stamp: Stamp | None) -> float | None:
    return None if stamp is None else _rounded(stamp.seconds)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _listings(judged: Judged) -> list[dict[str, object]]:
    if judged.listings is None:
        return []
    keys = dict.fromkeys(key for listing in judged.listings.listings for key in listing.vnics)
    return [
        {
            "vnic": key,
            "story": [{"time_s": _seconds(time), "words": words} for time, words in told_of(judged.listings, key)],
        }
        for key in keys
    ]


def _outcome(outcome: Outcome) -> dict[str, object]:
    rule = outcome.rule
    made: dict[str, object] = {
        "rule": rule.name,
        "requirements": list(rule.requirements),
        "subject": rule.subject.value,
        "sentence": rule.sentence,
    }
    if outcome.why_not:
        return made | {"why_not": outcome.why_not, "when": rule.when}
    found = [
        {"place": one.place, "time_s": _seconds(one.time), "device": one.unit, "came": one.came, "allowed": one.allowed}
        for one in outcome.contradicted
    ]
    return made | {"held": outcome.held, "findings": found, "more": outcome.more}

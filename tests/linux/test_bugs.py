"""Known bugs: an edit that finds its place once changes it, and any other fails and says so."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from vnic_conformance.client_role.cases import every_case
from vnic_conformance.client_role.injection import EVENTS
from vnic_conformance.client_role.words import problem
from vnic_conformance.linux.bugs import Bug, Edit, put_back
from vnic_conformance.linux.driver import Driver
from vnic_conformance.linux.driver_stories import driver_stories
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.known_bugs import BUGS, NOT_SHOWN, named

SOURCE = """\
static int open(struct net *net);

static int __open(struct net *net)
{
\tcheck(net);
\treturn open(net);
}

static int open(struct net *net)
{
\tcheck(net);
\treturn 0;
}
"""
DRIVER = Driver("a driver", SOURCE.encode(), b"")


def bug(*edits: Edit) -> Bug:
    return Bug("a-bug", 1, "It does not check.", edits, ())


def test_an_edit_changes_the_function_that_it_names_and_no_other() -> None:
    changed = put_back(DRIVER, bug(Edit("check(net);", ";", "open")))
    assert changed.source.decode() == SOURCE[::-1].replace(";)ten(kcehc", ";", 1)[::-1]
    assert changed.label == "a driver with bug a-bug"
    assert changed.header == DRIVER.header


def test_edits_build_on_each_other() -> None:
    changed = put_back(DRIVER, bug(Edit("return 0;", "return one();", "open"), Edit("one()", "two()")))
    assert "return two();" in changed.source.decode()


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit("checks(net);", ""), r"'checks\(net\);' stands 0 times in its source"),
        (Edit("check(net);", ""), r"'check\(net\);' stands 2 times in its source"),
        (Edit("return open(net);", "", "open"), r"stands 0 times in open"),
        (Edit("check(net);", "", "close"), r"it has no function close"),
        (Edit("check(net);", "", "ope"), r"it has no function ope"),
    ],
)
def test_an_edit_without_its_place_fails_and_says_what_it_looked_for(edit: Edit, why: str) -> None:
    with pytest.raises(BuildError, match=f"bug a-bug cannot be put back into a driver: .*{why}"):
        put_back(DRIVER, bug(edit))


def test_every_bug_changes_something_and_says_who_finds_it() -> None:
    for name, known in BUGS.items():
        assert name == known.name
        assert known.shown_by
        assert known.sentence.endswith(".")
        assert all(edit.there != edit.instead for edit in known.edits)
        assert known.number not in NOT_SHOWN
    assert len({known.number for known in BUGS.values()} | set(NOT_SHOWN)) == 52
    assert sum(not known.hidden for known in BUGS.values()) >= 15


def test_a_bug_that_nobody_knows_is_explained() -> None:
    with pytest.raises(BuildError, match=r"--bug no-backoff: .* did you mean no-back-off\?"):
        named("no-backoff")


def test_a_bug_names_cases_that_there_are() -> None:
    role = {case.id for case in every_case()}
    driver = {name for name, _ in driver_stories(100_000)}
    probe = {f"CLI-21/{event.replace('_', '-')}-inside-add" for event in EVENTS}
    assert not driver & role
    for known in BUGS.values():
        for glob in known.shown_by:
            case = glob.partition("@")[0]
            assert any(fnmatchcase(name, case) for name in role | driver | probe), f"{known.name}: {glob}"


def test_the_stories_of_the_driver_are_of_the_role_s_words_and_end_with_the_time_to_recover() -> None:
    for name, word in driver_stories(100_000):
        assert not [why for each in word if (why := problem(each))], name
        assert word[-1].given["ms"] > 100_000, name

"""What is kept is believed only if it is whole and one's own; else it is made anew, and no verdict changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from vnic_conformance.kept import kept as kept_answer
from vnic_conformance.running import tours
from vnic_conformance.running.tours import Tour, Tours
from vnic_conformance.stimulus import Stimulus
from vnic_model import cache
from vnic_model.instances import instance
from vnic_model.native import NativeError, compiler, engine, explore_native
from vnic_model.native.build import programs
from vnic_spec.profile import Profile

TOURS = Tours((Tour("CRQ-1/x", frozenset({"CRQ-1/x"}), 2, (Stimulus.of("client", "reg_crq"),)),), {"INV-1": "why"})

Damage = Callable[[Path], object]


def forged(file: Path) -> None:
    """Another content, with the old hash."""
    data = file.read_bytes()
    file.write_bytes(data[:20] + b" " + data[21:])


def of_another_key(file: Path) -> None:
    """Whole, and made from something else."""
    cache.keep(file, tours.written(TOURS, "another"))


def nonsense(file: Path) -> None:
    """With a hash that is right, and a content that is none."""
    cache.keep(file, b'{"key": [], "tours": [["a", 1, 2]], "unreached": 7}')


def replaced(by: Damage) -> Damage:
    def damage(file: Path) -> None:
        file.unlink()
        by(file)

    return damage


DAMAGES: dict[str, Damage] = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-3]),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "forged": forged,
    "of another key": of_another_key,
    "nonsense": nonsense,
    "binary": lambda file: file.write_bytes(bytes(range(256))),
    "a directory": replaced(Path.mkdir),
    "a pipe": replaced(os.mkfifo),
    "a loop": replaced(lambda file: file.symlink_to(file)),
    "writable by others": lambda file: file.chmod(0o666),
}


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Profile]:
    """Profiles whose tours were worked out; there is a cache of its own."""
    done: list[Profile] = []

    def work_out(profile: Profile) -> Tours:
        done.append(profile)
        return TOURS

    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(tours, "_work_out", work_out)
    return done


def found(told: Callable[[str], None] = lambda _: None) -> Tours:
    """The tours as a new process finds them."""
    tours._known.clear()
    try:
        return tours.tours(Profile(), told)
    finally:
        tours._known.clear()


def test_tours_are_worked_out_once(worked_out: list[Profile], tmp_path: Path) -> None:
    assert [found(), found()] == [TOURS, TOURS]
    assert len(worked_out) == 1
    (file,) = (tmp_path / "cache").iterdir()
    assert not file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


@pytest.mark.parametrize("damage", DAMAGES)
def test_tours_that_are_not_believed_are_made_anew(damage: str, worked_out: list[Profile], tmp_path: Path) -> None:
    found()
    (file,) = (tmp_path / "cache").iterdir()
    DAMAGES[damage](file)
    assert found() == TOURS
    assert len(worked_out) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_cases_of_tours_that_are_not_believed_are_listed_anew(
    damage: str, worked_out: list[Profile], tmp_path: Path
) -> None:
    def listed() -> list[str]:
        tours._known.clear()
        try:
            return [case.id for case in tours.toured(Profile())]
        finally:
            tours._known.clear()

    assert listed() == TOURS.ids() == listed()
    assert len(worked_out) == 1
    (file,) = (tmp_path / "cache").glob("toured-*")
    DAMAGES[damage](file)
    assert listed() == TOURS.ids()
    assert len(worked_out) == 1, "the tours themselves are still there"


# --- answers of verbs that play nothing -------------------------------------------------------------------------------


def answer(question: str, made: list[str]) -> str:
    """The answer to a question; ``made`` grows where it is not found."""

    def make() -> dict[str, object]:
        made.append(question)
        return {"says": question}

    return kept_answer(question, lambda answer: answer.text("says"), make)


@pytest.mark.parametrize("damage", DAMAGES)
def test_answers_that_are_not_believed_are_made_anew(
    damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))
    made: list[str] = []
    assert [answer("a", made), answer("a", made), answer("b", made)] == ["a", "a", "b"]
    assert made == ["a", "b"]
    for file in (tmp_path / "cache").iterdir():
        DAMAGES[damage](file)
    assert answer("a", made) == "a"
    assert made == ["a", "b", "a"]


def test_an_answer_that_answers_another_question_is_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))
    made: list[str] = []
    answer("a", made)
    (first,) = (tmp_path / "cache").iterdir()
    answer("b", made)
    (second,) = set((tmp_path / "cache").iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    assert answer("b", made) == "b"
    assert made == ["a", "b", "b"]


def test_answers_without_a_cache(unusable: None) -> None:
    made: list[str] = []
    assert answer("a", made) == "a"


def test_what_raises_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))

    def make() -> dict[str, object]:
        raise LookupError

    with pytest.raises(LookupError):
        kept_answer("a", lambda answer: answer.text("says"), make)
    assert answer("a", []) == "a"


# --- a directory that cannot be used ---------------------------------------------------------------------------------


def a_file(place: Path, set_variable: Callable[[str, str], None]) -> None:
    place.write_text("")
    set_variable(cache.CACHE_VARIABLE, str(place))


def no_home(place: Path, set_variable: Callable[[str, str], None]) -> None:
    set_variable("HOME", "")
    set_variable("XDG_CACHE_HOME", str(place / "not" / "there"))


def too_long(place: Path, set_variable: Callable[[str, str], None]) -> None:
    set_variable(cache.CACHE_VARIABLE, str(place / ("x" * 300) / "y"))


def full(place: Path, set_variable: Callable[[str, str], None]) -> None:
    set_variable(cache.CACHE_VARIABLE, "/dev/full")


def unwritable(place: Path, set_variable: Callable[[str, str], None]) -> None:
    set_variable(cache.CACHE_VARIABLE, "/proc/vnickit")


UNUSABLE = (a_file, no_home, too_long, full, unwritable)


@pytest.fixture(params=UNUSABLE)
def unusable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    request.param(tmp_path / "place", monkeypatch.setenv)


def test_tours_without_a_cache(worked_out: list[Profile], unusable: None) -> None:
    assert found() == TOURS


def test_a_home_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(cache.CACHE_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert cache.home() is None


# --- programs --------------------------------------------------------------------------------------------------------

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")
SAYS = '#include <stdio.h>\nint main(void) { puts("%s"); return 0; }\n'


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program that is kept."""
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "cache"))
    by = compiler()
    assert by is not None
    with programs(SAYS % "whole", by) as places:
        return next(places)


@needs_compiler
@pytest.mark.parametrize("damage", [name for name in DAMAGES if name not in ("of another key", "nonsense")])
def test_a_program_that_is_not_believed_is_compiled_anew(damage: str, kept: Path) -> None:
    DAMAGES[damage](kept)
    by = compiler()
    assert by is not None
    with programs(SAYS % "whole", by) as places:
        child = engine._started(places, 0, 0)
        assert child.communicate()[0] == "whole\n"


@needs_compiler
def test_a_program_of_another_processor_is_compiled_anew(kept: Path) -> None:
    # Whole, and nothing that this processor can run: what an emulator or a shared home may leave.
    cache.keep(kept, b"\x7fELF\x02\x01\x01" + b"\0" * 200, mode=0o700)
    by = compiler()
    assert by is not None
    with programs(SAYS % "whole", by) as places:
        assert engine._started(places, 0, 0).communicate()[0] == "whole\n"


@needs_compiler
def test_a_directory_in_which_nothing_may_be_run(kept: Path) -> None:
    kept.chmod(0o600)  # what a file system without that permission comes to
    by = compiler()
    assert by is not None
    with programs(SAYS % "whole", by) as places:
        child = engine._started(places, 0, 0)
        assert child.args != [str(kept), "0", "0"] or os.access(kept, os.X_OK)  # kept anew, or run where it was made
        assert child.communicate()[0] == "whole\n"


@needs_compiler
def test_a_program_without_a_cache(unusable: None) -> None:
    by = compiler()
    assert by is not None
    with programs(SAYS % "whole", by) as places:
        assert engine._started(places, 0, 0).communicate()[0] == "whole\n"


@pytest.mark.parametrize(
    "words", ["/nowhere/cc", "'", "false", "true", "cat", "echo", "sh -c 'exit 3'", "/etc/passwd", "/"]
)
def test_a_compiler_that_is_none_is_said_to_be_so(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", words)
    monkeypatch.setenv(cache.CACHE_VARIABLE, "")
    with pytest.raises(NativeError) as error:
        explore_native(instance("gap", 1))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("words", ["/nowhere/cc", "true", "cat"])
def test_without_a_compiler_python_explores_and_one_line_says_so(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vnic_conformance.commands.explore import running
    from vnic_conformance.commands.explore.engine import Engine
    from vnic_conformance.commands.explore.request import request_of
    from vnic_conformance.commands.explore.running import run

    monkeypatch.setenv("CC", words)
    monkeypatch.setattr(running, "FEW", 5)
    result = run(request_of(name="gap", servers=1), engine=Engine.AUTO)
    assert (result.engine, result.verdict) == (Engine.PYTHON, "holds")
    said = capsys.readouterr().err + result.explored_by
    assert "exploring in Python" in said or "for want of a C compiler" in said

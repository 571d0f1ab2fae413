"""Processes that an adapter leaves behind: however they have got away from it, they are noticed, named and ended."""

from __future__ import annotations

import multiprocessing.resource_tracker
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.targets import child, open_target
from vnic_conformance.targets.failures import LeftBehind
from vnic_reference.adapter import Adapter

Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process may get away")

#: Ways to start ``sleep`` so that neither its group nor an open pipe tells of it. Each writes its process ID to ``PLACE``.
WAYS = {
    "session": """
subprocess.Popen(["sh", "-c", f"echo $$ > {PLACE}; exec sleep 30"], start_new_session=True, **NULL)
""",
    "no environment": """
subprocess.Popen(["/bin/sh", "-c", f"echo $$ > {PLACE}; exec sleep 30"], start_new_session=True, env={}, **NULL)
""",
    "shell's background": """
os.system(f"(setsid sh -c 'echo $$ > {PLACE}; exec sleep 30' &) </dev/null >/dev/null 2>&1")
""",
    "daemon": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(PLACE, "w") as file:
            file.write(f"{os.getpid()}\\n")
        os.closerange(0, 100)
        time.sleep(30)
    os._exit(0)
os.wait()
""",
}

PROGRAM = """
import json, os, subprocess, sys, time
when, PLACE = sys.argv[1:]
NULL = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
HELLO = {"protocol_major": 1, "protocol_minor": 0, "implementation": "leaver", "role": "hypervisor", "servers": 7,
         "clock": "virtual", "quiet_ms": 0, "features": ""}

def leave():
    WAY
    while not os.path.exists(PLACE) or not open(PLACE).read().endswith("\\n"):
        time.sleep(0.005)

for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == when:
        leave()
    print(json.dumps({"seq": request["seq"], "outcome": "done"} | (HELLO if request["op"] == "hello" else {})), flush=True)
    if request["op"] == "bye":
        break
"""


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where the process that is left writes its ID; at the end of the test it must not run."""
    file = tmp_path / "pid"
    yield file
    assert not runs(int(file.read_text()))


@pytest.fixture
def leaver(tmp_path: Path, place: Path) -> Callable[[str, str], str]:
    """``leaver(way, when)``: the command of an adapter that leaves a process behind."""

    def made(way: str, when: str) -> str:
        file = tmp_path / "leaver.py"
        file.write_text(PROGRAM.replace("    WAY", WAYS[way].replace("\n", "\n    ")), encoding="utf-8")
        return f"{sys.executable} -S -E {file} {when} {place}"

    return made


@linux
@pytest.mark.parametrize("when", ["hello", "bye"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_gets_away_from_a_program(way: str, when: str, leaver: Callable[[str, str], str], place: Path) -> None:
    target = open_target(leaver(way, when))
    with pytest.raises(LeftBehind) as caught:
        target.finish()
    name = "python" if way == "daemon" else "sleep"
    assert caught.value.came.startswith(f"it ended (exit status 0), but this still runs: {name}")
    assert f"(process {int(place.read_text())})" in caught.value.came


@linux
def test_what_an_adapter_that_is_ended_by_force_had_left_is_ended_too(
    leaver: Callable[[str, str], str], place: Path
) -> None:
    target = open_target(leaver("daemon", "hello"))
    assert runs(int(place.read_text()))
    target._link.close()


@linux
@pytest.mark.parametrize("verb", [("check", "--phase", "walk", "--steps", "20"), ("smoke",)], ids=["check", "smoke"])
def test_a_run_that_is_left_something_says_so(verb: tuple[str, ...], place: Path, vnickit: Kit) -> None:
    program = f"""
import os, subprocess, sys, time
from vnic_reference.adapter import Adapter
adapter, PLACE = Adapter(), {str(place)!r}
NULL = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
if not os.path.exists(PLACE):
    {WAYS["daemon"].replace(chr(10), chr(10) + "    ")}
for line in sys.stdin:
    print(adapter.answer(line), flush=True)
    if adapter.closed:
        break
"""
    Path("leaves.py").write_text(program, encoding="utf-8")
    result = vnickit(verb[0], "--adapter", f"{sys.executable} leaves.py", *verb[1:])
    assert result.exit_code == ExitCode.ADAPTER_BROKEN, result.output
    assert "this still runs: python" in " ".join(result.output.split())


@linux
def test_a_kit_that_is_killed_leaves_no_adapter(leaver: Callable[[str, str], str], place: Path) -> None:
    kit = "import sys, time; from vnic_conformance.targets import open_target; t = open_target(sys.argv[1]); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", kit, leaver("session", "hello")])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (place.exists() and place.read_text().endswith("\n")):
        time.sleep(0.02)
    pid = int(place.read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    while time.monotonic() < deadline and runs(pid):
        time.sleep(0.02)


@pytest.mark.parametrize("kind", [child.GroupChild, pytest.param(child.KeptChild, marks=linux)])
def test_a_process_of_the_adapter_s_group_is_noticed_everywhere(kind: type[child.Child], tmp_path: Path) -> None:
    started = kind(["sh", "-c", "sleep 30 </dev/null >/dev/null 2>&1 & echo $!; exit 3"])  # type: ignore[call-arg]
    pid = int(started.pipes[1].readline())
    assert started.wait(30)
    assert started.status == 3
    assert started.left()
    started.end()
    started.pipes[2].close()
    deadline = time.monotonic() + 30
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs(pid)


@linux
def test_what_ends_by_itself_soon_after_the_adapter_is_not_left_behind() -> None:
    started = child.start(["sh", "-c", "setsid sleep 0.1 & exit 0"])
    assert started.wait(30)
    assert not started.left()
    started.end()
    started.pipes[2].close()


@pytest.mark.parametrize("what", ["nothing is said", "orphans go elsewhere"])
def test_without_a_keeper_the_group_is_what_is_known(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = tmp_path / "keeper.py"
    source = child._KEEPER.read_text(encoding="utf-8")
    keeper.write_text("" if what == "nothing is said" else source.replace(".prctl(_PR_SET", ".prctl(-_PR_SET"))
    monkeypatch.setattr(child, "_KEEPER", keeper)
    started = child.start(["cat"])
    assert isinstance(started, child.GroupChild)
    started.end()
    started.pipes[2].close()


# --- in the kit's own process -----------------------------------------------------------------------------------------------


def leaving(way: str, place: Path) -> Callable[[], Adapter]:
    null = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)

    class Leaves(Adapter):
        def __call__(self, request: object) -> dict[str, object]:
            if not place.exists():
                exec(WAYS[way], {"PLACE": place, "NULL": null, "os": os, "subprocess": subprocess, "time": time})  # noqa: S102
                while not (place.exists() and place.read_text().endswith("\n")):
                    time.sleep(0.005)
            return super().__call__(request)  # type: ignore[arg-type]

    return Leaves


@linux
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python complains, too, of what is left
@pytest.mark.parametrize("way", WAYS)
def test_nothing_gets_away_from_an_object(way: str, place: Path, plant: Plant) -> None:
    target = open_target(plant(leaving(way, place)))
    with pytest.raises(LeftBehind) as caught:
        target.finish()
    assert f"(process {int(place.read_text())})" in caught.value.came


@linux
def test_what_others_start_is_not_the_adapter_s(plant: Plant) -> None:
    """Beside it, and Python's own services for those who use several processes."""

    class Shares(Adapter):
        def __call__(self, request: object) -> dict[str, object]:
            multiprocessing.resource_tracker.ensure_running()
            subprocess.run(["true"], check=True)
            return super().__call__(request)  # type: ignore[arg-type]

    with subprocess.Popen(["sleep", "30"]) as first:
        target = open_target(plant(Shares))
        with subprocess.Popen(["sleep", "30"]) as second:
            target.finish()
            assert runs(first.pid)
            assert runs(second.pid)
            second.kill()
        first.kill()

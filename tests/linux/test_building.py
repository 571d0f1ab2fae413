"""What a build decides without building: which driver, which package, which key; and how it fails."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
from pathlib import Path

import pytest

from vnic_conformance.linux import build, cache, driver, initramfs, make, packages
from vnic_conformance.linux.errors import BuildError


def quiet(text: str) -> None:
    """Progress that nobody reads."""


# -- keys and the cache ----------------------------------------------------------------------------------------------


def test_a_digest_depends_on_every_part_and_on_where_it_ends() -> None:
    made = {
        cache.digest("a", "bc"),
        cache.digest("ab", "c"),
        cache.digest("abc"),
        cache.digest("a", "bc", ""),
        cache.digest("bc", "a"),
    }
    assert len(made) == 5
    assert cache.digest("a", b"bc") == cache.digest("a", "bc")


def test_a_kernel_is_another_one_with_sanitizers_and_a_guest_with_another_driver() -> None:
    plain, sanitized = (build.kernel_key("6.12.1", sanitized=flag) for flag in (False, True))
    assert plain != sanitized
    assert plain != build.kernel_key("6.12.2", sanitized=False)
    one = driver.Driver("one", b"c", b"h")
    assert build.guest_key(plain, one, "1") == build.guest_key(plain, driver.Driver("another name", b"c", b"h"), "1")
    others = {
        build.guest_key(sanitized, one, "1"),
        build.guest_key(plain, driver.Driver("one", b"ch", b""), "1"),
        build.guest_key(plain, driver.Driver("one", b"c", b"H"), "1"),
        build.guest_key(plain, one, "2"),
    }
    assert len(others) == 4
    assert build.guest_key(plain, one, "1") not in others


def test_an_empty_cache_variable_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, "")
    with pytest.raises(BuildError, match="VNICKIT_CACHE is empty"):
        cache.directory()


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path))
    assert cache.directory() == tmp_path / "linux"
    assert build.guests() == []


def test_what_is_not_whole_is_not_there(tmp_path: Path) -> None:
    def broken_off(filled: Path) -> None:
        (filled / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), cache.whole(tmp_path / "made") as filled:
        broken_off(filled)
    assert list(tmp_path.iterdir()) == []
    for content in ("first", "second"):
        with cache.whole(tmp_path / "made") as filled:
            (filled / "file").write_text(content)
    assert (tmp_path / "made" / "file").read_text() == "second"
    assert len(list(tmp_path.iterdir())) == 1


def hold(where: Path, ready: object, release: object) -> None:
    with cache.building(where, quiet):
        ready.set()  # type: ignore[attr-defined]
        release.wait()  # type: ignore[attr-defined]


def test_the_second_build_waits_for_the_first(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready, release = context.Event(), context.Event()
    first = context.Process(target=hold, args=(tmp_path, ready, release))
    first.start()
    assert ready.wait(30)
    said: list[str] = []

    def waiting(text: str) -> None:
        said.append(text)
        release.set()

    with cache.building(tmp_path, waiting):
        assert said == ["another build is running; waiting for it"]
    first.join()
    with cache.building(tmp_path, said.append):
        assert len(said) == 1


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(
        BuildError, match=r"needs 999,999,999 MB below .* make room, or name another directory by VNICKIT_CACHE"
    ):
        cache.require_space(tmp_path, 999_999_999)


def test_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "ppc64le")
    with pytest.raises(BuildError, match="needs Linux on x86-64, and this is linux on ppc64le"):
        build.build(None, sanitized=False, progress=quiet)


# -- packages ----------------------------------------------------------------------------------------------------------


def test_a_package_that_was_fetched_is_found_by_name_and_version(tmp_path: Path) -> None:
    assert packages.cached("linux-source-6.12", tmp_path / "none") is None
    for name in ("linux-source-6.12_6.12.117-1~deb12u1_all.deb", "linux-source-6.1_6.1.192-3_all.deb"):
        (tmp_path / name).touch()
    (tmp_path / "busybox-static_1%3a1.35.0-4_amd64.deb").touch()
    found = packages.cached("linux-source-6.12", tmp_path)
    assert found is not None
    assert found.version == "6.12.117-1~deb12u1"
    assert packages.cached("linux-source-6.1", tmp_path, "6.1.1-1") is None
    epoch = packages.cached("busybox-static", tmp_path, "1:1.35.0-4")
    assert epoch is not None
    assert epoch.version == "1:1.35.0-4"


def test_without_apt_the_user_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=rf"there is no apt here: put linux-source-6.12_\*\.deb into {tmp_path}"):
        packages.fetch("linux-source-6.12", tmp_path, quiet)
    with pytest.raises(BuildError, match=r"a build needs gcc, make, flex, bison.* install them and try again"):
        packages.require_tools(quiet)


def test_who_is_not_root_is_told_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\nexit 1\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BuildError, match="as root: apt-get install --no-install-recommends gcc make flex"):
        packages.require_tools(quiet)


# -- drivers -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kernel's tree, as far as a driver is looked for in it."""
    where = tmp_path / "tree" / driver.IN_TREE
    where.mkdir(parents=True)
    (where / driver.SOURCE).write_text("own source")
    (where / driver.HEADER).write_text("own header")
    return tmp_path / "tree"


def resolved(wanted: Path | str, tree: Path, tmp_path: Path) -> driver.Driver:
    return driver.resolve(str(wanted), tree, tmp_path / "packages", tmp_path / "drivers", quiet)


@pytest.mark.parametrize(("name", "why"), [("9" * 5000, "File name too long"), ("a\0b", "no such file")])
def test_a_name_that_no_file_can_have(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=why) as caught:
        resolved(name, tmp_path, tmp_path)
    assert len(str(caught.value)) < 300


def test_a_driver_may_be_a_tree_a_directory_or_a_file(tree: Path, tmp_path: Path) -> None:
    own = driver.Driver(f"ibmvnic of {tree / driver.IN_TREE}", b"own source", b"own header")
    for wanted in (
        tree,
        tree / driver.IN_TREE,
        tree / driver.IN_TREE / driver.SOURCE,
        tree / driver.IN_TREE / driver.HEADER,
    ):
        assert resolved(wanted, tree, tmp_path) == own


def test_a_driver_without_a_header_gets_the_kernels(tree: Path, tmp_path: Path) -> None:
    (tmp_path / driver.SOURCE).write_text("mine")
    mine = resolved(tmp_path / driver.SOURCE, tree, tmp_path)
    assert (mine.source, mine.header) == (b"mine", b"own header")


@pytest.mark.parametrize("wanted", ["missing", "6", "v6.1", "linux-6.1"])
def test_what_is_neither_a_path_nor_a_version_is_refused(wanted: str, tree: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no such file or directory, nor a version of linux-source"):
        resolved(wanted, tree, tmp_path)


def test_a_place_without_a_driver_is_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.c").touch()
    for wanted in (tmp_path / "empty", tmp_path / "other.c"):
        with pytest.raises(BuildError, match=r"there is no ibmvnic\.c"):
            resolved(wanted, tree, tmp_path)


@pytest.mark.parametrize(("wanted", "name"), [("6.1", "linux-source-6.1"), ("6.1.192-3", "linux-source-6.1")])
def test_a_version_names_a_package(
    wanted: str, name: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match=f"Debian's package {name} is needed"):
        resolved(wanted, tree, tmp_path)


# -- make --------------------------------------------------------------------------------------------------------------


def test_an_option_that_could_not_be_had_is_named() -> None:
    wanted = "# why\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_C=n\nCONFIG_D=120\n"
    assert make.refused_options(wanted, "CONFIG_A=y\nCONFIG_B=y\nCONFIG_D=120\n") == ["CONFIG_B=m"]
    assert make.refused_options(wanted, "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=120\n") == []


def test_errors_of_the_compiler_come_before_those_of_make() -> None:
    log = """\
drivers/vnickit/ibmvnic.c:12:3: warning: unused variable
drivers/vnickit/ibmvnic.c:70:9: error: implicit declaration of function 'f'
make[4]: *** [scripts/Makefile.build:229: drivers/vnickit/ibmvnic.o] Error 1
make: *** [Makefile:224: __sub-make] Error 2
"""
    assert make.errors_of(log) == "drivers/vnickit/ibmvnic.c:70:9: error: implicit declaration of function 'f'"
    assert make.errors_of('ERROR: modpost: "g" [drivers/vnickit/ibmvnic.ko] undefined!\n').startswith("ERROR: modpost")
    assert make.errors_of("make: *** No rule to make target 'x'.  Stop.\n").startswith("make: ***")


# -- the first file system ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio, which reads the archive back, is not installed")
def test_an_archive_can_be_read_by_others(tmp_path: Path) -> None:
    files = {"init": b"#!/bin/sh\n", "bin/tool": b"\x7fELF" + bytes(9)}
    links = {"bin/sh": "tool"}
    data = initramfs.archive(files, ("bin", "dev"), links)
    assert data == initramfs.archive(dict(reversed(files.items())), ("bin", "dev"), links)
    listed = (
        subprocess.run(["cpio", "-t", "--quiet"], input=data, capture_output=True, check=True).stdout.decode().split()
    )
    assert listed == ["bin", "dev", "dev/console", "bin/tool", "init", "bin/sh"]
    subprocess.run(["cpio", "-i", "--quiet", "bin", *files, *links], cwd=tmp_path, input=data, check=True)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert (tmp_path / "init").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "bin/sh").readlink() == Path("tool")

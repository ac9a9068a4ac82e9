"""Private files and their folders, also where other users share a folder with us."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aarhus_los.errors import StateError
from aarhus_los.files import (
    check_place,
    make_folder,
    make_own_folder,
    obstacle,
    open_to_others,
    read_own,
    resolved,
    sweep,
    unwritable,
    write_private,
)
from aarhus_los.sandbox.stage import importer_environment
from tests import forked
from tests.machine import THEM, US, as_user, disk_of, fill, given_to, shared_folder, small_disk


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder like /tmp."""
    with shared_folder() as folder:
        yield folder


def written(path: Path, text: str = "x", mode: int = 0o644) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


# Whole or not at all


def test_the_bytes_are_on_the_disk_before_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes")
        sync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        order.append("name")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write_private(tmp_path / "state", b"x")
    assert order == ["bytes", "name", "folder"]


def test_a_file_is_private_whatever_the_umask_and_what_was_there(tmp_path: Path) -> None:
    path = written(tmp_path / "file", mode=0o666)
    former = os.umask(0)
    try:
        write_private(path, [b"a", b"b"])
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"ab"
    write_private(path, b"for all", 0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path / "file", "old")
    with disk_of(20), pytest.raises(StateError, match=re.escape(f"{path} cannot be written")):
        write_private(path, b"0" * 100)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_link_is_replaced_and_what_it_leads_to_left_alone(tmp_path: Path) -> None:
    target = written(tmp_path / "target", "theirs")
    path = tmp_path / "file"
    path.symlink_to(target)
    write_private(path, b"ours")
    assert target.read_text() == "theirs"
    assert not path.is_symlink()
    assert path.read_text() == "ours"


# What a killed run leaves


def killed_writing(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from aarhus_los.files import write_private\n"
        "Path.replace = lambda *args: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_private(Path(sys.argv[1]), b'0102031234')\n"
    )
    done = forked.run([sys.executable, "-c", code, path], env=importer_environment())
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    others = [
        written(tmp_path / name)
        for name in (
            ".state.20260101",  # somebody's copy
            ".state.abcdefgh",
            ".state.abcdefg.tmp",
            ".state.ABCDEFGH.tmp",
            ".other.abcdefgh.tmp",
            "state.abcdefgh.tmp",
            "state",
        )
    ]
    (tmp_path / ".state.folder__.tmp").mkdir()
    (tmp_path / ".state.link____.tmp").symlink_to(others[0])
    kept = sorted(tmp_path.iterdir())
    killed_writing(tmp_path / "state")
    killed_writing(tmp_path / "rejected_Org_nye_20260101_220000.csv")
    assert len(list(tmp_path.iterdir())) == len(kept) + 2
    sweep(tmp_path, ["state", "rejected_*.csv"])
    assert sorted(tmp_path.iterdir()) == kept


def test_what_another_user_left_is_not_swept(shared: Path) -> None:
    theirs = given_to(THEM, written(shared / ".state.abcdefgh.tmp"))
    ours = given_to(US, written(shared / ".state.hgfedcba.tmp"))
    assert as_user(US, lambda: sweep(shared, ["state"])) == "None"
    assert theirs.exists()
    assert not ours.exists()
    theirs.chmod(0o777)
    sweep(shared, ["state"])
    assert theirs.exists()


def test_what_goes_while_it_is_swept_keeps_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for letter in "ab":
        written(tmp_path / f".state.{letter * 8}.tmp")
    scandir = os.scandir

    @contextmanager
    def while_others_remove(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            found = list(entries)
        Path(found[0].path).unlink()
        yield found

    monkeypatch.setattr(os, "scandir", while_others_remove)
    sweep(tmp_path, ["state"])
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "none", ["*"])
    sweep(written(tmp_path / "file"), ["*"])


# Links


def test_our_own_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "state"
    (tmp_path / "second").symlink_to("elsewhere/state")
    (tmp_path / "first").symlink_to(tmp_path / "second")
    assert resolved(tmp_path / "first").resolve() == target
    assert resolved(target) == target
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(StateError, match="leads to no end"):
        resolved(tmp_path / "round")


def test_a_link_of_another_user_is_refused_and_one_of_root_is_not(shared: Path) -> None:
    link = shared / "state"
    link.symlink_to("/etc/hostname")
    assert as_user(US, lambda: resolved(link)) == "/etc/hostname"
    given_to(THEM, link)
    told = as_user(US, lambda: resolved(link))
    assert told == f"StateError: {link} is a link that another user has made: see who did, and remove it"
    given_to(US, link)
    assert as_user(US, lambda: resolved(link)) == "/etc/hostname"


def test_a_link_that_appears_meanwhile_is_not_read(tmp_path: Path) -> None:
    link = tmp_path / "state"
    link.symlink_to(written(tmp_path / "target"))
    with pytest.raises(StateError, match="cannot be read"):
        read_own(link)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_read_and_does_not_hang(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "state")
    with pytest.raises(StateError, match="cannot be read"):
        read_own(tmp_path / "state")


def test_a_file_of_another_user_is_read_where_only_we_can_have_put_it(shared: Path) -> None:
    path = given_to(THEM, written(shared / "state"))
    told = as_user(US, lambda: read_own(path))
    assert "is of another user, in a folder that all may write to" in told
    shared.chmod(0o755)
    assert as_user(US, lambda: read_own(path)) == "b'x'"
    shared.chmod(0o1777)
    given_to(0, path)
    assert as_user(US, lambda: read_own(path)) == "b'x'"


# Folders


def test_a_file_where_a_folder_must_be(tmp_path: Path) -> None:
    blocking = written(tmp_path / "file", "")
    with pytest.raises(StateError, match="is not a folder: put it away"):
        make_folder(blocking, "report_folder")
    with pytest.raises(StateError, match=re.escape(str(blocking))):
        make_folder(blocking / "reports", "report_folder")


def test_folders_are_made_private_and_open_ones_told(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b", "state_file") is None
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    (tmp_path / "a").chmod(0o750)
    warning = make_folder(tmp_path / "a", "state_file")
    assert warning == f"others can read the folder {tmp_path / 'a'} (chmod 0700 {tmp_path / 'a'})"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_a_folder_by_way_of_another_users_link_is_not_made(shared: Path) -> None:
    link = shared / "reports"
    link.symlink_to(shared / "made")
    given_to(THEM, link)
    assert "is a link that another user has made" in as_user(US, lambda: make_folder(link, "report_folder"))
    assert not (shared / "made").exists()


def advice(folder: Path) -> str:
    told = as_user(US, lambda: open_to_others(folder, "report_folder"))
    assert told.startswith(f"others can read the folder {folder} (")
    return told.removeprefix(f"others can read the folder {folder} (").removesuffix(")")


OF_ITS_OWN = "give report_folder a folder of its own: it is made private"


def test_advice_harms_nobody() -> None:
    with shared_folder(0o755, US) as folder:
        assert advice(folder) == f"chmod 0700 {folder}"
        given_to(THEM, written(folder / "theirs"))
        assert advice(folder) == OF_ITS_OWN
    for mode, owner in ((0o1777, US), (0o1777, 0), (0o755, THEM), (0o775, US), (0o2750, US), (0o755, 0)):
        with shared_folder(mode, owner) as folder:
            assert advice(folder) == OF_ITS_OWN, (oct(mode), owner)


@pytest.mark.parametrize("folder", ["/", "/var", "/var/lib", "/usr", "/tmp", "/etc"])
def test_a_folder_of_the_system_is_nobodys_to_change(folder: str) -> None:
    told = open_to_others(Path(folder), "state_file") or ""
    assert "chmod" not in told
    assert "give state_file a folder of its own" in told


def test_a_folder_that_must_be_our_own(shared: Path) -> None:
    folder = shared / "state.d"
    assert as_user(US, lambda: make_own_folder(folder)) == "None"
    assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (US, 0o700)
    assert as_user(US, lambda: make_own_folder(folder)) == "None"
    given_to(THEM, folder)
    assert "is not a folder of our own" in as_user(US, lambda: make_own_folder(folder))
    folder.rmdir()
    (shared / "elsewhere").mkdir()
    given_to(US, shared / "elsewhere")
    folder.symlink_to(shared / "elsewhere")
    given_to(THEM, folder)
    assert "is not a folder of our own" in as_user(US, lambda: make_own_folder(folder))


# What cannot be written is found before it matters


def test_a_full_disk_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    check_place(path)
    with disk_of(10_000), pytest.raises(StateError, match=re.escape(str(tmp_path))):
        check_place(path)
    assert list(tmp_path.iterdir()) == []


def test_the_room_grows_with_what_is_to_be_written(tmp_path: Path) -> None:
    with disk_of(500_000):
        check_place(tmp_path / "file")
        with pytest.raises(StateError, match=r"0\.7 MB must be free"):
            check_place(tmp_path / "file", 400_000)


def test_a_really_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        with pytest.raises(StateError, match="No space left"):
            check_place(disk / "file")
        with pytest.raises(StateError, match="No space left"):
            write_private(disk / "file", b"x" * 5000)
        assert [each.name for each in disk.iterdir()] == ["filler"]


def test_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StateError, match="mounted for reading only"):
            check_place(disk / "file")
        with pytest.raises(StateError, match="Read-only"):
            make_folder(disk / "reports", "report_folder")


def test_places_that_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert obstacle(path) is None
    assert obstacle(written(path)) is None
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert obstacle(path) is None
    path.unlink()
    path.mkdir()
    assert obstacle(path) == f"{path} is not a file, and one must be written there: put it away"
    assert (
        obstacle(Path("/dev/null")) == "/dev/null is not a file, and one must be written there: put it away"
    )
    assert obstacle(Path("/dev/stderr/file")) is not None
    assert (
        obstacle(tmp_path / "none" / "file")
        == f"{tmp_path / 'none'} is not there: make it, or name another folder"
    )


def test_a_file_that_another_user_alone_may_replace(shared: Path) -> None:
    path = given_to(THEM, written(shared / "los.prom", mode=0o666))
    told = as_user(US, lambda: obstacle(path))
    assert told.startswith(f"{path} is of another user, who alone may replace it")
    # And so it is:
    assert "cannot be written" in as_user(US, lambda: write_private(path, b"x"))
    given_to(US, shared)
    assert as_user(US, lambda: obstacle(path)) == "None"
    assert as_user(US, lambda: write_private(path, b"x")) == "None"


def test_a_folder_that_is_not_ours_to_write() -> None:
    with shared_folder(0o755) as folder:
        assert as_user(US, lambda: unwritable(folder)) == f"{folder} cannot be written: set another folder"
        given_to(US, folder)
        folder.chmod(0o500)
        assert as_user(US, lambda: unwritable(folder)) == f"{folder} cannot be written: chmod u+wx {folder}"
        folder.chmod(0o700)
        assert as_user(THEM, lambda: unwritable(folder / "in")).startswith(
            f"{folder / 'in'} cannot be looked up"
        )

"""What machines do to a run: disks that are full or read-only, and other users."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

US, THEM = 61_001, 61_002
"""Two users of the machine. Neither has a name; nothing needs one."""


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Lets no file grow beyond this: what a full disk does, for any user."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@contextmanager
def small_disk(folder: Path, size: str = "512k") -> Iterator[Path]:
    """A disk of its own at a folder, which is made."""
    folder.mkdir()
    try:
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("no mount command")
    if mount.returncode:
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 1024)


@contextmanager
def shared_folder(mode: int = 0o1777, owner: int = 0) -> Iterator[Path]:
    """A folder that other users reach, like /tmp."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be several users")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(mode)
        os.chown(folder, owner, owner)
        yield Path(folder)


def as_user(user: int, work: Callable[[], object]) -> str:
    """What work gives, as text, when a user does it: in a process of its own. What it needs must be imported already.

    What it raises ends up in the text as the name of the class and what it says.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # servers of other tests may still have threads
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            try:
                told = f"{work()}"
            except Exception as error:
                told = f"{type(error).__name__}: {error}"
                if type(error).__module__.partition(".")[0] != "aarhus_los":
                    told += f"\n{traceback.format_exc()}"
            os.write(writing, told.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def given_to(user: int, path: Path) -> Path:
    """A path, once it is that user's; a link itself, not what it leads to."""
    os.chown(path, user, user, follow_symlinks=False)
    return path

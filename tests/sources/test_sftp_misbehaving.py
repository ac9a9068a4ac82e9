"""SFTP servers that list and read in their own ways: nothing is lost in silence, and one file costs no other."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.sources.entries import Entry, FileChanged, Limits
from aarhus_los.sources.sftp import Sftp
from aarhus_los.sources.ssh_keys import Login, Pinned
from tests.sources.scripted import (
    ATTRS,
    DATA,
    HANDLE,
    NAME,
    REGULAR,
    Answer,
    attributes,
    names,
    of_files,
    packet,
    status,
    string,
)
from tests.sources.sftp_server import PASSWORD, USER, SftpServer
from tests.sources.sites import sftp_on

NAMES = [f"Org_nye_202101{day}_123742.csv" for day in range(10, 20)]
ODD = NAMES[4]
FILES = {name: name.encode() * 2000 for name in NAMES}
FAST = Limits(silence=2, closing=0.3, exchange=5, file=5)
GONE, DENIED, FAILED, LOST = 2, 3, 4, 7
LINK = 0o120777

Serving = Callable[..., AbstractContextManager[Sftp]]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Starts a server of the ten files, but for what a script says, and a source on it."""

    @contextmanager
    def start(limits: Limits = FAST, **script: Answer) -> Iterator[Sftp]:
        with SftpServer(tmp_path) as server:
            server.script = of_files(FILES, **script)
            login, trust = Login(USER, PASSWORD), Pinned(server.host_key.fingerprint)
            with sftp_on(server.port, trust, login, limits=limits) as source:
                yield source

    yield start


def listing_with(*odd: tuple[bytes, bytes]) -> Answer:
    """The ten files, without the odd one, and then what is given."""
    good = [(name.encode(), attributes(len(FILES[name]))) for name in NAMES if name != ODD]
    parts = iter([names(*good[:5]), names(*odd, *good[5:])])
    return lambda number, content: next(parts, status(1))(number, content)


def only(path: str, answer: Answer, otherwise: Answer) -> Answer:
    """An answer for what begins with one path, and another for all else."""
    return lambda number, content: (answer if content.startswith(string(path.encode())) else otherwise)(
        number, content
    )


def tells(told: bytes) -> Answer:
    return lambda number, _: packet(ATTRS, number + told)


def refusal(serving: Serving, **script: Answer) -> UnavailableError:
    with serving(**script) as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    return caught.value


def test_a_server_as_it_should_be(serving: Serving) -> None:
    with serving() as source:
        assert [entry.name for entry in source.listing().entries] == NAMES
        assert {name: source.read(name) for name in NAMES} == FILES


@pytest.mark.parametrize(
    "spoilt", [b"l\xe6s.txt", b"../" + ODD.encode(), b"x/" + ODD.encode(), b"x" * 20_000]
)
def test_one_name_that_cannot_be_used_costs_no_other(serving: Serving, spoilt: bytes) -> None:
    with serving(READDIR=listing_with((spoilt, attributes(1)))) as source:
        listed = source.listing()
        assert {entry.name for entry in listed.entries} == {*NAMES} - {ODD}
        assert listed.unusable == 1


@pytest.mark.parametrize(
    "told",
    [attributes(mode=REGULAR), attributes(54, mode=None), attributes(9, mode=LINK), attributes(mode=None)],
)
def test_what_a_listing_does_not_tell_is_asked(serving: Serving, told: bytes) -> None:
    asked = tells(attributes(54_000, mtime=1_611_834_002))
    with serving(READDIR=listing_with((ODD.encode(), told)), STAT=asked) as source:
        source.listing()
        assert source.listed[ODD] == Entry(ODD, 54_000, datetime(2021, 1, 28, 11, 40, 2, tzinfo=UTC))
        assert source.read(ODD) == FILES[ODD]


@pytest.mark.parametrize("asked", [tells(attributes()), status(DENIED), status(FAILED, b"loop")])
def test_a_file_whose_size_is_not_told_is_unreadable_and_the_others_are_read(
    serving: Serving, asked: Answer
) -> None:
    with serving(READDIR=listing_with((ODD.encode(), attributes())), STAT=asked) as source:
        assert [entry.name for entry in source.listing().entries if entry.size is None] == [ODD]
        with pytest.raises(FileRefused, match="size"):
            source.read(ODD)
        assert source.read(NAMES[9]) == FILES[NAMES[9]]


@pytest.mark.parametrize(
    "asked", [status(GONE), tells(attributes(4096, mode=0o40755)), tells(attributes(0, mode=0o140755))]
)
def test_a_link_that_leads_to_no_file_is_left_out(serving: Serving, asked: Answer) -> None:
    with serving(READDIR=listing_with((ODD.encode(), attributes(9, mode=LINK))), STAT=asked) as source:
        assert {entry.name for entry in source.listing().entries} == {*NAMES} - {ODD}


@pytest.mark.parametrize("code", [GONE, DENIED, FAILED])
def test_a_folder_that_is_refused_is_no_empty_one(serving: Serving, code: int) -> None:
    for step in ("OPENDIR", "READDIR"):
        error = refusal(serving, **{step: status(code, b"ikke her")})
        assert "the folder is not there or not for us (ikke her" in str(error)
        assert error.lasting


@pytest.mark.parametrize(
    "readdir",
    [
        names(),
        lambda number, content: status(0)(number, content),
        lambda number, content: status(LOST)(number, content),
        lambda number, content: names((b"a", attributes(1)))(b"\0\0\0\x63", content),
        lambda number, content: packet(NAME, number + struct.pack(">I", 1000)),
        lambda number, content: packet(DATA, number + string(b"x")),
        lambda number, content: struct.pack(">IB", 1 << 30, NAME) + b"x" * 1000,
        lambda number, content: struct.pack(">IB", 0, NAME),
    ],
    ids=["none", "ok", "lost", "another's", "cut off", "data", "gigabyte", "empty"],
)
def test_a_listing_out_of_order_is_none(serving: Serving, readdir: Answer) -> None:
    error = refusal(serving, READDIR=readdir)
    assert "cannot list the folder" in str(error)
    assert "given up" not in str(error)  # it is seen, and not waited for
    assert not error.lasting


@pytest.mark.parametrize("most", [5_000, pytest.param(Limits().entries, marks=pytest.mark.slow)])
def test_a_listing_without_end_is_given_up(serving: Serving, most: int) -> None:
    endless = names(*[(b"x.csv", attributes(1))] * 1000)
    with (
        serving(replace(FAST, entries=most), READDIR=endless) as source,
        pytest.raises(UnavailableError, match=f"more than {most} files"),
    ):
        source.listing()


@pytest.mark.parametrize("code", [DENIED, FAILED])
@pytest.mark.parametrize("step", ["OPEN", "READ", "FSTAT"])
def test_a_file_that_is_refused_costs_no_other(serving: Serving, step: str, code: int) -> None:
    right = of_files(FILES)
    kinds = {"OPEN": 3, "READ": 5, "FSTAT": 8}
    with serving(**{step: only(ODD, status(code, b"ikke dig"), right[kinds[step]])}) as source:
        source.listing()
        with pytest.raises(FileRefused) as caught:
            source.read(ODD)
        assert caught.value.reason == f"the server does not give it (ikke dig ({code}))"
        assert source.read(NAMES[0]) == FILES[NAMES[0]]


@pytest.mark.parametrize(
    "script",
    [
        {"OPEN": status(GONE)},
        {"FSTAT": tells(attributes(99_999))},
        {"READ": status(1)},
        {"READ": lambda number, _: packet(DATA, number + string(b"x" * 32_768))},
        {"READ": lambda number, _: packet(DATA, number + string(b""))},
    ],
    ids=["gone", "larger by now", "shorter", "without end", "nothing"],
)
def test_a_file_of_another_size_than_listed_waits(serving: Serving, script: dict[str, Answer]) -> None:
    with serving(**script) as source:
        source.listing()
        with pytest.raises(FileChanged, match=ODD):
            source.read(ODD)


@pytest.mark.parametrize(
    "read",
    [status(0), lambda number, _: packet(HANDLE, number + string(FILES[ODD][:100]))],
    ids=["ok", "handle"],
)
def test_a_file_out_of_order_is_none(serving: Serving, read: Answer) -> None:
    with serving(READ=read) as source:
        source.listing()
        with pytest.raises(UnavailableError, match=f"cannot read {ODD}"):
            source.read(ODD)


def late(answer: Answer, seconds: float) -> Answer:
    def says(number: bytes, content: bytes) -> bytes:
        time.sleep(seconds)
        return answer(number, content)

    return says


def test_a_file_that_trickles_in_is_given_up(serving: Serving) -> None:
    byte: Answer = lambda number, _: packet(DATA, number + string(b"x"))  # noqa: E731
    with serving(replace(FAST, file=0.2), READ=late(byte, 0.05)) as source:
        source.listing()
        with pytest.raises(UnavailableError, match=f"cannot read {ODD}: given up after 0.2 s"):
            source.read(ODD)


@pytest.mark.parametrize("part", [names((b"x.csv", attributes(1))), lambda number, _: b"\0"])
def test_a_listing_that_trickles_in_is_given_up(serving: Serving, part: Answer) -> None:
    with (
        serving(replace(FAST, exchange=0.4), READDIR=late(part, 0.05)) as source,
        pytest.raises(UnavailableError, match="given up after"),
    ):
        source.listing()

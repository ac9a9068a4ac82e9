"""What every source does, wherever the drop lies. The servers of Debian's packages run under the marker `servers`."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.sources.entries import Entry, FileChanged, Limits, Listing, Source
from tests.sources.sites import (
    DAEMONS,
    IN_PROCESS,
    UNHURRIED,
    WRONG_PASSWORD,
    Site,
    is_ours,
    started,
    unprivileged,
)

NAME = "Org_nye_20210128_123742.csv"
OTHER = "Org_nye_20210129_000000.csv"
THIRD = "Org_nye_20210130_000000.csv"
FOREIGN = "æøå læs mig.txt"
WHEN = datetime(2021, 7, 28, 11, 40, 2, tzinfo=UTC)


def on(*names: str) -> list[object]:
    return [pytest.param(name, marks=pytest.mark.servers if name in DAEMONS else ()) for name in names]


SITES = on(*IN_PROCESS, *DAEMONS)
on_servers = pytest.mark.parametrize(
    "site", on(*(name for name in (*IN_PROCESS, *DAEMONS) if name != "folder")), indirect=True
)
on_one_server_each = pytest.mark.parametrize(
    "site", on("pyftpdlib", "pyftpdlib-tls", "paramiko", *DAEMONS), indirect=True
)
# One of each kind where the amount is what counts.
in_bulk = pytest.mark.parametrize(
    "site", on("folder", "pyftpdlib", *(name for name in DAEMONS if name != "vsftpd-tls-1.2")), indirect=True
)
# sshd as root reads all for root.
where_the_server_is_not_root = pytest.mark.parametrize(
    "site", on(*(name for name in (*IN_PROCESS, *DAEMONS) if name != "openssh")), indirect=True
)


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, open_folder: Path) -> Iterator[Site]:
    with started(request.param, open_folder) as running:
        yield running


def put(folder: Path, name: str, data: bytes, when: datetime = WHEN) -> None:
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o644)
    os.utime(path, (when.timestamp(), when.timestamp()))


def files(source: Source) -> list[Entry]:
    """What the source lists, by name."""
    return sorted(source.listing().entries, key=lambda entry: entry.name)


def test_lists_files_with_size_and_time_in_utc(site: Site) -> None:
    winter = datetime(2021, 1, 28, 23, 59, 59, tzinfo=UTC)
    put(site.home, NAME, b"abc\r\n")
    put(site.home, "STAM_UUID_ITSystem.csv", b"", winter)
    with site.source() as source:
        assert files(source) == [
            Entry(NAME, 5, WHEN),
            Entry("STAM_UUID_ITSystem.csv", 0, winter),
        ]


def test_an_empty_folder_is_empty(site: Site) -> None:
    with site.source() as source:
        assert source.listing() == Listing(())


def test_folders_and_foreign_files_do_not_hinder(site: Site) -> None:
    put(site.home, NAME, b"1")
    put(site.home, FOREIGN, b"22")
    (site.home / os.fsdecode("læs.txt".encode("latin-1"))).write_bytes(b"333")
    (site.home / OTHER).mkdir()
    (site.home / "arkiv").mkdir()
    with site.source() as source:
        listed = source.listing()
        names = {entry.name for entry in listed.entries} - {"arkiv"}  # not asked about: it is of no interest
        assert {NAME, FOREIGN} <= names
        # Some servers make a name of what is none.
        if names == {NAME, FOREIGN}:
            assert (listed.unusable, listed.examples) == (1, ("'l\ufffds.txt' (it is not UTF-8)",))
        else:
            assert (names - {NAME, FOREIGN}, listed.unusable) == ({"l?s.txt"}, 0)
        assert source.read(NAME) == b"1"


def test_links_to_files_are_files_and_what_is_no_file_is_not_listed(site: Site) -> None:
    put(site.home, "store", b"12345")
    (site.home / NAME).symlink_to("store")
    for number, target in enumerate(("nowhere", ".", THIRD)):
        (site.home / f"Org_ret_2021010{number}_000000.csv").symlink_to(target)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(site.home / THIRD))
    os.mkfifo(site.home / OTHER)
    with site.source() as source:
        # pyftpdlib takes pipes and sockets for files, without a byte.
        assert [entry for entry in files(source) if is_ours(entry.name) and entry.size] == [
            Entry(NAME, 5, WHEN)
        ]
        assert not {"Org_ret_20210100_000000.csv", "Org_ret_20210101_000000.csv"} & source.listed.keys()
        assert source.read(NAME) == b"12345"


def test_reads_every_byte_as_it_is(site: Site) -> None:
    contents = {NAME: bytes(range(256)) * 4000 + b"\r\n\n\r", OTHER: "Rådhuspladsen æøå\r\n".encode()}
    for name, data in contents.items():
        put(site.home, name, data)
    with site.source() as source:
        source.listing()
        assert {name: source.read(name) for name in contents} == contents


@pytest.mark.parametrize("megabytes", [6, pytest.param(60, marks=pytest.mark.slow)])
@in_bulk
def test_a_large_file(site: Site, megabytes: int) -> None:
    data = os.urandom(1_000_000) * megabytes
    put(site.home, NAME, data)
    with site.source() as source:
        assert files(source) == [Entry(NAME, len(data), WHEN)]
        assert source.read(NAME) == data


@pytest.mark.parametrize("count", [500, pytest.param(5000, marks=pytest.mark.slow)])
@in_bulk
def test_a_folder_of_many_files(site: Site, count: int) -> None:
    names = [f"Org_ret_20210128_{10_000 + number}0.csv" for number in range(count)]
    put(site.home, names[0], b"12345")
    for name in names[1:]:
        os.link(site.home / names[0], site.home / name)
    with site.source() as source:
        assert files(source) == [Entry(name, 5, WHEN) for name in names]
        assert source.read(names[-1]) == b"12345"


def test_a_listing_that_is_too_long_is_given_up(site: Site) -> None:
    for number in range(13):
        put(site.home, f"{number}.txt", b"")
    with site.source(limits=replace(UNHURRIED, entries=12)) as source:
        with pytest.raises(UnavailableError, match="more than 12 files"):
            source.listing()
        for number in range(3):  # some list the folder itself, and the one above it
            (site.home / f"{number}.txt").unlink()
        assert len(source.listing().entries) == 10


def test_enters_a_folder_whose_name_has_danish_letters(site: Site) -> None:
    (site.home / "Årø").mkdir(mode=0o755)
    put(site.home / "Årø", NAME, b"1")
    with site.source("Årø") as source:
        assert files(source) == [Entry(NAME, 1, WHEN)]
        assert source.read(NAME) == b"1"


@pytest.mark.parametrize("folder", ["FINDES-IKKE", NAME])
def test_a_folder_that_is_none_is_said(site: Site, folder: str) -> None:
    put(site.home, NAME, b"1")
    with site.source(folder) as source, pytest.raises(UnavailableError, match=r"folder") as caught:
        source.listing()
    assert folder in str(caught.value)
    assert caught.value.lasting


@pytest.mark.parametrize("now", [b"more bytes than before", b"less"])
def test_a_file_of_another_size_than_listed_has_changed(site: Site, now: bytes) -> None:
    put(site.home, NAME, b"eight by")
    put(site.home, OTHER, b"whole")
    with site.source() as source:
        source.listing()
        put(site.home, NAME, now)
        with pytest.raises(FileChanged, match=NAME):
            source.read(NAME)
        assert source.read(OTHER) == b"whole"


def test_a_file_that_left_has_changed(site: Site) -> None:
    put(site.home, NAME, b"1")
    with site.source() as source:
        source.listing()
        (site.home / NAME).unlink()
        with pytest.raises(FileChanged, match="gone"):
            source.read(NAME)


def test_only_what_was_listed_is_read(site: Site) -> None:
    with site.source() as source:
        assert source.listing() == Listing(())
        with pytest.raises(KeyError):
            source.read("../../etc/passwd")


@where_the_server_is_not_root
def test_a_file_that_is_not_given_to_us_is_refused_and_the_others_are_read(site: Site) -> None:
    names = [f"Org_nye_2021012{day}_000000.csv" for day in range(10)]
    for name in names:
        put(site.home, name, b"secret")
    (site.home / names[3]).chmod(0)
    with unprivileged(), site.source() as source:
        assert [entry.name for entry in files(source)] == names
        with pytest.raises(FileRefused) as caught:
            source.read(names[3])
        assert (caught.value.file, caught.value.exit_code) == (names[3], 65)
        assert re.search("denied|Failed to open", caught.value.reason)
        assert [source.read(name) for name in names if name != names[3]] == [b"secret"] * 9


@where_the_server_is_not_root
def test_a_folder_that_is_not_for_us_is_no_empty_one(site: Site) -> None:
    (site.home / "closed").mkdir()
    put(site.home / "closed", NAME, b"1")
    (site.home / "closed").chmod(0o711)
    with (
        unprivileged(),
        site.source("closed") as source,
        pytest.raises(UnavailableError, match="folder") as caught,
    ):
        source.listing()
    assert caught.value.lasting


def test_a_file_that_is_too_large_is_refused_unread(site: Site) -> None:
    put(site.home, NAME, b"12345")
    put(site.home, OTHER, b"1234")
    with site.source(limits=replace(UNHURRIED, file_bytes=4)) as source:
        source.listing()
        with pytest.raises(FileRefused, match="5 bytes"):
            source.read(NAME)
        assert source.read(OTHER) == b"1234"


def test_names_of_which_none_can_be_used_are_no_empty_folder(site: Site) -> None:
    for number in range(5):
        (site.home / os.fsdecode(f"{number}\xe6.csv".encode("latin-1"))).write_bytes(b"1")
    with site.source() as source:
        try:
            listed = source.listing()
        except UnavailableError as error:
            assert error.lasting
            assert "5 names in the folder cannot be used: '" in str(error)
            assert str(error).count("(it is not UTF-8)") == 3
            assert "and 2 more" in str(error)
        else:  # some servers make names of what is none
            assert len(listed.entries) == 5


@on_servers
def test_a_connection_dropped_in_the_middle_of_a_file_is_made_anew(site: Site) -> None:
    data = os.urandom(site.takes_a_while)
    put(site.home, NAME, data)
    with site.source() as source:
        source.listing()
        with site.cutting(1):
            assert source.read(NAME) == data


@on_servers
def test_a_server_that_always_drops_the_connection_is_given_up(site: Site) -> None:
    put(site.home, NAME, b"x" * site.takes_a_while)
    put(site.home, OTHER, b"1")
    with site.source() as source:
        source.listing()
        with site.cutting(3), pytest.raises(UnavailableError, match=f"cannot read {NAME}"):
            source.read(NAME)
        assert source.read(OTHER) == b"1"


@on_servers
def test_a_connection_closed_while_idle_is_made_anew(site: Site) -> None:
    put(site.home, NAME, b"1")
    with site.source() as source:
        source.listing()
        site.close_idle()
        assert source.read(NAME) == b"1"
        site.close_idle()
        assert files(source) == [Entry(NAME, 1, WHEN)]


@on_one_server_each
def test_a_server_that_answers_no_more_is_given_up_after_the_timeout(site: Site) -> None:
    put(site.home, NAME, b"1" * 100_000)
    with site.source(limits=replace(UNHURRIED, silence=0.3)) as source:
        source.listing()
        site.freeze()
        started_at = time.monotonic()
        with pytest.raises(UnavailableError, match=f"cannot read {NAME}"):
            source.read(NAME)
        assert time.monotonic() - started_at < 20
    with (
        site.source(limits=replace(UNHURRIED, silence=0.05)) as source,
        pytest.raises(UnavailableError, match="cannot list the folder"),
    ):
        source.listing()


@on_one_server_each
def test_a_server_that_answers_no_more_is_given_up_after_its_time_however_patient_the_sockets(
    site: Site,
) -> None:
    put(site.home, NAME, b"1" * 100_000)
    with site.source(limits=Limits(silence=60, exchange=0.5, file=0.1)) as source:
        source.listing()
        site.freeze()
        for ask in (lambda: source.read(NAME), source.listing):
            started_at = time.monotonic()
            with pytest.raises(UnavailableError, match="given up after") as caught:
                ask()
            assert time.monotonic() - started_at < 20
            assert not caught.value.lasting


class Stop(BaseException):
    """What a signal raises that ends a run."""


@on_one_server_each
def test_a_signal_ends_every_wait(site: Site) -> None:
    def stop(number: int, frame: object) -> None:
        raise Stop

    put(site.home, NAME, b"1" * 100_000)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(Stop), site.source(limits=Limits(silence=60)) as source:
            source.listing()
            site.freeze()
            asked_at = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            source.read(NAME)
        assert time.monotonic() - asked_at < 20
        with pytest.raises(Stop), site.source(limits=Limits(silence=60)) as source:
            asked_at = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            source.listing()
        assert time.monotonic() - asked_at < 20
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@on_servers
def test_a_refused_login_is_said_without_the_password(site: Site) -> None:
    with site.source(right_login=False) as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    assert "refuses the login" in str(caught.value)
    assert "see ftp_user" in str(caught.value)
    assert caught.value.lasting
    assert WRONG_PASSWORD not in f"{caught.value!r}{source.describe()}"
    assert caught.value.__cause__ is None

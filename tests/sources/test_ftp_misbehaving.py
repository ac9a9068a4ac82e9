"""FTP servers that list, size and close in their own ways: nothing is lost in silence, and one file costs no other."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Mapping
from contextlib import ExitStack, suppress

import pytest
from msgspec.structs import replace

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.sources.entries import FileChanged, Limits
from aarhus_los.sources.ftp import Ftp
from tests.sources.scripted import Says, ScriptedFtp, Talk
from tests.sources.sites import ftp_on

NAMES = [f"Org_nye_202101{day}_123742.csv" for day in range(10, 20)]
ODD = NAMES[4]
FILES = {name: name.encode() for name in NAMES}
FAST = Limits(silence=2, closing=0.3, exchange=5, file=5)


def source_of(server: ScriptedFtp, folder: str = "", limits: Limits = FAST) -> Ftp:
    return ftp_on(server.port, "los", "kodeordet", folder, limits=limits)


def scripted(files: Mapping[str, bytes] = FILES, **script: Says) -> ScriptedFtp:
    return ScriptedFtp(files, {command.replace("_", " "): says for command, says in script.items()})


def lists(*lines: str) -> Says:
    return lambda talk: talk.transfer(
        "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
    )


def odd(command: str, says: Says, **script: Says) -> ScriptedFtp:
    """A server that answers otherwise where one file of ten is concerned."""
    server = scripted(FILES, **script)
    server.script = {**server.script, f"{command} {ODD}": says}
    return server


def refusal(server: ScriptedFtp, folder: str = "") -> UnavailableError:
    with server, source_of(server, folder) as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    return caught.value


# --- names


@pytest.mark.parametrize(
    ("folder", "before"),
    [
        ("", "/los/"),
        ("", "./"),
        ("los", "los/"),
        ("los", "/los/"),
        ("/los", "/los/"),
        ("", "/los//"),
        ("", "/x/../los/"),
    ],
)
def test_names_with_the_path_of_the_folder_are_the_names_of_its_files(folder: str, before: str) -> None:
    with (
        scripted(NLST=lists(*(f"{before}{name}" for name in NAMES))) as server,
        source_of(server, folder) as source,
    ):
        listed = source.listing()
        assert [entry.name for entry in listed.entries] == NAMES
        assert listed.unusable == 0
        assert {name: source.read(name) for name in NAMES} == FILES


def test_a_root_that_is_the_folder_stands_before_its_names() -> None:
    root = lists(*(f"/{name}" for name in NAMES))
    with scripted(NLST=root, PWD=b'257 "/"') as server, source_of(server) as source:
        assert [entry.name for entry in source.listing().entries] == NAMES


def test_names_with_another_path_are_counted_and_told() -> None:
    elsewhere = ("x/", "../", "/etc/", "/los/x/", "C:\\los\\")
    with (
        scripted(NLST=lists(*(f"{path}{ODD}" for path in elsewhere), NAMES[0])) as server,
        source_of(server) as source,
    ):
        listed = source.listing()
        assert [entry.name for entry in listed.entries] == [NAMES[0]]
        assert listed.unusable == 5
        assert listed.unusable_text() == (
            f"5 names in the folder cannot be used: 'x/{ODD}' (it leads elsewhere); '../{ODD}' (it leads elsewhere);"
            f" '/etc/{ODD}' (it leads elsewhere) and 2 more"
        )
        with pytest.raises(KeyError):
            source.read(ODD)


@pytest.mark.parametrize(
    "lines",
    [
        [f"/home/ftp/{name}" for name in NAMES],
        [f"-rw-r--r--   1 los      los          {len(name)} Jan 28 11:40 {name}" for name in NAMES],
    ],
)
def test_a_listing_of_which_no_name_can_be_used_is_no_empty_folder(lines: list[str]) -> None:
    error = refusal(scripted(NLST=lists(*lines)))
    assert "10 names in the folder cannot be used" in str(error)
    assert error.lasting


@pytest.mark.parametrize(
    "spoilt",
    [
        "x" * 9000,
        "l\udce6s.txt",
        "x" * 200_000,
        "type=file;size=1; x/" + ODD,
        "-rw-r--r-- 1 los los 5 Jan 1 a",
    ],
)
@pytest.mark.parametrize("command", ["MLSD", "NLST"])
def test_one_line_that_cannot_be_used_costs_no_other(command: str, spoilt: str) -> None:
    facts = "type=file;size=30;modify=20210128114002; " if command == "MLSD" else ""
    lines = [facts + name for name in NAMES]
    lines.insert(5, facts + spoilt if len(spoilt) < 10 else spoilt)
    with scripted(**{command: lists(*lines)}) as server, source_of(server) as source:
        listed = source.listing()
        assert [entry.name for entry in listed.entries] == NAMES
        assert listed.unusable == 1


def test_a_name_is_shown_on_one_line_and_without_what_could_be_a_cpr_number() -> None:
    with (
        scripted(NLST=lists(NAMES[0], "x/010203-1234\t\x1b[31m æ.csv")) as server,
        source_of(server) as source,
    ):
        assert source.listing().examples == ("'x/********** [31m æ.csv' (it leads elsewhere)",)


# --- folders that are empty, and folders that are not for us


def test_a_550_is_an_empty_folder_only_where_list_shows_that_there_is_nothing() -> None:
    denied: Says = b"550 Permission denied"
    for empty in (lists(), lists("total 0"), lists("total 8", "drwxr-xr-x 2 los los 4096 Jan 1 00:00 .")):
        with scripted(NLST=denied, LIST=empty) as server, source_of(server) as source:
            assert source.listing().entries == ()
    for long in (denied, b"500 What?", lists(f"-rw-r--r-- 1 los los 1 Jan 1 00:00 {ODD}")):
        error = refusal(scripted(NLST=denied, LIST=long))
        assert "does not list the folder (550 Permission denied)" in str(error)
        assert error.lasting


def test_a_450_is_asked_again_and_is_never_an_empty_folder() -> None:
    server = scripted(NLST=b"450 Busy", LIST=lists())
    error = refusal(server)
    assert "cannot list the folder: 450 Busy" in str(error)
    assert not error.lasting
    assert server.commands.count("NLST") == 3

    def busy_once(talk: Talk) -> None:
        talk.say("450 Busy") if talk.server.commands.count("NLST") == 1 else talk.server.NLST(talk)

    with scripted(NLST=busy_once) as server, source_of(server) as source:
        assert len(source.listing().entries) == 10


@pytest.mark.parametrize("closing", ["426 Broken", "451 Disk", "", "550 Failed"])
def test_a_listing_that_does_not_end_well_is_none(closing: str) -> None:
    def cut_off(talk: Talk) -> None:
        talk.transfer(f"{NAMES[0]}\r\n".encode(), closing)
        if not closing:
            talk.hang_up()

    assert "list the folder" in str(refusal(scripted(NLST=cut_off)))


def test_vsftpd_says_by_the_way_that_a_folder_is_not_for_us() -> None:
    error = refusal(
        scripted(NLST=lambda talk: talk.transfer(b"", "226 Transfer done (but failed to open directory)."))
    )
    assert "failed to open directory" in str(error)
    assert error.lasting


def test_mlsd_that_is_refused_is_no_mlsd_that_is_unknown() -> None:
    error = refusal(scripted(MLSD=b"550 /los: Permission denied", NLST=lists()))
    assert "550 /los: Permission denied" in str(error)


def test_pasv_that_is_refused_is_asked_for_in_the_other_way() -> None:
    for no in (b"502 Not here", b"550 No", b"500 What?", b"530 No"):
        with (
            scripted(PASV=no, EPSV=lambda talk: talk.open_data("229 Entering (|||{port}|)")) as server,
            source_of(server) as source,
        ):
            assert {entry.name: source.read(entry.name) for entry in source.listing().entries} == FILES


# --- sizes


@pytest.mark.parametrize(
    "no",
    [
        b"550 No",
        b"502 Not here",
        b"213 unknown",
        pytest.param(b"213 " + b"9" * 5000, id="huge"),
        b"200 Yes",
        b"213",
        b"450 Busy",
    ],
)
def test_a_file_whose_size_is_not_told_is_unreadable_and_the_others_are_read(no: bytes) -> None:
    with odd("SIZE", no) as server, source_of(server) as source:
        assert [entry.name for entry in source.listing().entries if entry.size is None] == [ODD]
        with pytest.raises(FileRefused, match="size") as caught:
            source.read(ODD)
        assert caught.value.file == ODD
        assert {name: source.read(name) for name in NAMES if name != ODD} == {
            name: data for name, data in FILES.items() if name != ODD
        }


def test_an_answer_that_is_cut_off_is_none() -> None:
    def half(talk: Talk) -> None:
        talk.control.sendall(b"213 2")
        talk.hang_up()

    with odd("SIZE", half) as server, source_of(server) as source:
        with pytest.raises(UnavailableError, match="cannot ask for the sizes of the files"):
            source.listing()
        assert server.commands.count(f"SIZE {ODD}") == 3


@pytest.mark.parametrize(
    ("line", "is_file"),
    [
        ("-rw-r--r-- 1 los los 1 Jan 1 00:00 {}", True),
        ("drwxr-xr-x 2 los los 1 Jan 1 00:00 {}", False),
        ("lrwxrwxrwx 1 los los 1 Jan 1 00:00 {} -> nowhere", False),
        ("prw-r--r-- 1 los los 0 Jan 1 00:00 {}", False),
        ("01-28-21  12:37PM       <DIR>          {}", False),
        ("01-28-21  12:37PM                    5 {}", True),
        ("", False),
    ],
)
def test_what_has_no_size_and_is_no_file_is_left_out(line: str, is_file: bool) -> None:
    with odd("SIZE", b"550 No", LIST=lists(line.format(ODD))) as server, source_of(server) as source:
        names = [entry.name for entry in source.listing().entries]
        assert names == [name for name in NAMES if is_file or name != ODD] or sorted(names) == NAMES
        assert (ODD in names) == is_file


def test_where_list_is_refused_too_what_has_no_size_is_told() -> None:
    with odd("SIZE", b"550 No", LIST=b"550 No") as server, source_of(server) as source:
        assert [entry.name for entry in source.listing().entries if entry.size is None] == [ODD]


@pytest.mark.parametrize(
    "facts",
    [
        "type=file;",
        "size=30;",
        "",
        "type=file;size=unknown;",
        pytest.param("type=file;size=" + "9" * 5000 + ";", id="huge"),
        "type=OS.unix=slink:/x;",
    ],
)
def test_a_file_of_which_mlsd_tells_too_little_is_asked_about(facts: str) -> None:
    lines = [f"type=file;size={len(name)};modify=20210128114002; {name}" for name in NAMES]
    lines[4] = f"{facts} {ODD}"
    with scripted(MLSD=lists(*lines)) as server, source_of(server) as source:
        assert {entry.name: entry.size for entry in source.listing().entries} == dict.fromkeys(NAMES, 27)
        assert [command for command in server.commands if command.startswith("SIZE")] == [f"SIZE {ODD}"]


# --- files


@pytest.mark.parametrize(
    "no", [b"550 Permission denied", b"553 Not that name", b"450 In use", b"451 Disk", b"502 Not here"]
)
def test_a_file_that_is_refused_costs_no_other(no: bytes) -> None:
    with odd("RETR", no) as server, source_of(server) as source:
        source.listing()
        with pytest.raises(FileRefused) as caught:
            source.read(ODD)
        assert caught.value.reason == f"the server does not give it ({no.decode()})"
        assert source.read(NAMES[0]) == FILES[NAMES[0]]
        assert server.commands.count(f"RETR {ODD}") == (3 if no.startswith(b"4") else 1)


@pytest.mark.parametrize("no", [b"421 Too many", b"425 No data", b"426 Broken", b"530 Log in"])
def test_what_is_not_the_file_s_own_fault_is_the_server_s(no: bytes) -> None:
    with odd("RETR", no) as server, source_of(server) as source:
        source.listing()
        with pytest.raises(UnavailableError, match=f"cannot read {ODD}: {no.decode()}"):
            source.read(ODD)


def test_a_file_that_is_refused_and_has_no_size_any_more_is_gone() -> None:
    with odd("RETR", b"550 No") as server, source_of(server) as source:
        source.listing()
        server.script = {**server.script, f"SIZE {ODD}": b"550 No"}
        with pytest.raises(FileChanged, match="gone"):
            source.read(ODD)


def silent(talk: Talk) -> None:
    talk.transfer(FILES[ODD], closing="")


def closed(talk: Talk) -> None:
    talk.transfer(FILES[ODD], closing="")
    talk.hang_up()


def kept_open(talk: Talk) -> None:
    data = talk.begin()
    data.sendall(FILES[ODD])
    talk.say("226 Done.")
    threading.Timer(3, data.close).start()


def broken(talk: Talk) -> None:
    talk.transfer(FILES[ODD], "426 Failure writing network stream.")


@pytest.mark.parametrize("ends", [silent, closed, kept_open, broken])
def test_a_file_of_the_listed_size_is_read_however_the_transfer_ends(ends: Says) -> None:
    with odd("RETR", ends) as server, source_of(server) as source:
        source.listing()
        assert {name: source.read(name) for name in NAMES} == FILES
        assert server.commands.count(f"RETR {ODD}") == 1


def test_a_size_that_the_bytes_never_reach_waits() -> None:
    with odd("SIZE", b"213 99") as server, source_of(server) as source:
        source.listing()
        with pytest.raises(FileChanged, match=f"{ODD} has 27 bytes, and was listed with 99"):
            source.read(ODD)
        assert source.read(NAMES[0]) == FILES[NAMES[0]]


def test_a_file_that_is_cut_off_without_a_word_is_no_smaller_file() -> None:
    def cut_off(talk: Talk) -> None:
        talk.transfer(b"half", closing="")
        talk.hang_up()

    with odd("RETR", cut_off) as server, source_of(server) as source:
        source.listing()
        with pytest.raises(UnavailableError, match=f"cannot read {ODD}"):
            source.read(ODD)
        assert server.commands.count(f"RETR {ODD}") == 3


def test_a_file_without_end_is_cut_off_at_its_size() -> None:
    def endless(talk: Talk) -> None:
        with talk.begin() as data:
            talk.keep_on(data, b"x" * 100_000, 0)

    with odd("RETR", endless) as server, source_of(server, limits=Limits(silence=2, file=60)) as source:
        source.listing()
        started = time.monotonic()
        with pytest.raises(FileChanged, match="more than the 27 bytes"):
            source.read(ODD)
        assert time.monotonic() - started < 20  # before its time is over
        assert source.read(NAMES[0]) == FILES[NAMES[0]]


# --- servers that keep us waiting


def drips(piece: bytes, pause: float) -> Says:
    def says(talk: Talk) -> None:
        talk.keep_on(talk.control, piece, pause)

    return says


def drips_data(piece: bytes, pause: float) -> Says:
    def says(talk: Talk) -> None:
        with talk.begin() as data:
            talk.keep_on(data, piece, pause)

    return says


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("greeting", drips(b"220-Hej\r\n", 0.01)),
        ("greeting", drips(b"x", 0.05)),
        ("greeting", drips(b"220-" + b"x" * 8000 + b"\r\n", 0)),
        ("USER", drips(b"331-", 0.05)),
        ("TYPE", drips(b"200-\r\n", 0.01)),
        ("NLST", drips_data(b"x", 0.05)),
        ("NLST", drips_data(f"{ODD}\r\n".encode(), 0.05)),
        ("NLST", drips_data(b"x" * 100_000, 0)),
        ("SIZE", drips(b"2", 0.05)),
        ("MDTM", drips(b"213-\r\n", 0.01)),
    ],
)
def test_a_listing_that_trickles_in_is_given_up(command: str, says: Says) -> None:
    greeting = says if command == "greeting" else b"220 Hej"
    with (
        ScriptedFtp(FILES, {command: says}, greeting) as server,
        source_of(server, limits=replace(FAST, exchange=0.1, questions=0.1)) as source,
        pytest.raises(UnavailableError) as caught,
    ):
        source.listing()
    assert "given up after 0.1 s" in str(caught.value) or "or without end" in str(caught.value)
    assert not caught.value.lasting


def test_sizes_that_are_asked_for_are_not_asked_for_again_when_the_connection_was_lost() -> None:
    def lost_once(talk: Talk) -> None:
        talk.hang_up() if talk.server.commands.count(f"SIZE {ODD}") == 1 else talk.server.SIZE(talk)

    with odd("SIZE", lost_once) as server, source_of(server) as source:
        assert [entry.name for entry in source.listing().entries] == NAMES
        assert [server.commands.count(f"SIZE {name}") for name in NAMES] == [1, 1, 1, 1, 2, 1, 1, 1, 1, 1]


def test_nobody_waits_for_the_answer_to_a_goodbye() -> None:
    with scripted(QUIT=drips(b"2", 0.05)) as server:
        started = time.monotonic()
        with source_of(server, limits=Limits()) as source:
            source.listing()
        assert time.monotonic() - started < 20


@pytest.mark.parametrize("command", ["greeting", "PASS", "SIZE"])
def test_an_answer_without_end_is_not_gathered(command: str) -> None:
    endless = drips(b"220-Hej\r\n" * 100, 0)
    started = time.monotonic()
    with (
        ScriptedFtp(FILES, {command: endless}, endless if command == "greeting" else b"220 Hej") as server,
        source_of(server, limits=Limits(silence=60)) as source,
        pytest.raises(UnavailableError, match="or without end"),
    ):
        source.listing()
    assert time.monotonic() - started < 20


def test_a_line_without_end_is_not_gathered() -> None:
    piece = b"x" * 100_000

    def line(talk: Talk) -> None:
        with talk.begin() as data:
            data.sendall(f"{NAMES[0]}\r\n".encode())
            for _ in range(300):
                data.sendall(piece)
            data.sendall(f"\r\n{NAMES[1]}\r\n".encode())
        talk.say("226 Done.")

    with scripted(NLST=line) as server, source_of(server) as source:
        tracemalloc.start()
        try:
            listed = source.listing()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert [entry.name for entry in listed.entries] == NAMES[:2]
    assert listed.examples == ("'…' (its line is too long)",)
    assert peak < 3_000_000


def test_a_connection_that_comes_after_the_time_is_over_is_cut_too() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(
            2
        ):  # as many as the system keeps waiting: whoever comes next, waits for a second at least
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        accepted: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted.append(listener.accept()[0])

        timer = threading.Timer(0.6, accept)
        timer.daemon = True
        timer.start()
        started = time.monotonic()
        source = ftp_on(port, "los", "kodeordet", limits=Limits(silence=30, exchange=0.3))
        with source, pytest.raises(UnavailableError, match=r"given up after 0\.3 s"):
            source.listing()
        assert 0.6 < time.monotonic() - started < 20
        listener.shutdown(socket.SHUT_RDWR)
        timer.join(5)
        for each in accepted:
            each.close()


@pytest.mark.parametrize(
    ("command", "says"),
    [("RETR", drips_data(b"x", 0.05)), ("RETR", drips(b"1", 0.05)), ("PASV", drips(b"2", 0.05))],
)
def test_a_file_that_trickles_in_is_given_up(command: str, says: Says) -> None:
    with (
        ScriptedFtp({ODD: b"x" * 10_000}, {}) as server,
        source_of(server, limits=replace(FAST, file=0.3)) as source,
    ):
        source.listing()
        server.script = {command: says}
        with pytest.raises(UnavailableError, match=f"cannot read {ODD}: given up after 0.3 s"):
            source.read(ODD)
        server.script = {}
        assert source.read(ODD) == b"x" * 10_000

"""Which servers are trusted: by their certificate, or by their host key. Nothing is sent to any other."""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from aarhus_los.errors import SettingsError, UnavailableError
from aarhus_los.sources.entries import Listing, Source
from aarhus_los.sources.ftps import tls_context
from aarhus_los.sources.ssh_keys import Login, Pinned, Trust, read_key, read_known_hosts
from tests.sources import sftp_server
from tests.sources.certificates import Certificate, make_certificate
from tests.sources.daemons import make_key, run_sshd
from tests.sources.ftp_server import PASSWORD, USER, FtpServer, Serve, TlsHandler
from tests.sources.scripted import Speaking, string
from tests.sources.sftp_server import SftpServer
from tests.sources.sites import ftp_on, sftp_on

servers = pytest.mark.servers
LOGIN = Login(sftp_server.USER, sftp_server.PASSWORD)
OTHER_KEY = paramiko.ECDSAKey.generate()


def refused(source: Source) -> UnavailableError:
    with source, pytest.raises(UnavailableError) as caught:
        source.listing()
    return caught.value


def refusal(source: Source) -> str:
    """Of a server that is not trusted: that does not change by itself."""
    error = refused(source)
    assert error.lasting
    return str(error)


# --- certificates


def tls_server(home: Path, certificate: Certificate) -> FtpServer:
    return FtpServer(home, TlsHandler, certfile=str(certificate.file))


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ({"expired": True}, "expired"),
        ({"name": "ftp.example.org"}, "not valid for '127.0.0.1'"),
        ({"name": "127.0.0.2"}, "not valid for '127.0.0.1'"),
    ],
)
def test_an_old_certificate_and_a_wrong_name_are_refused_whatever_the_ca(
    tmp_path: Path, flaw: dict[str, Any], said: str
) -> None:
    certificate = make_certificate(tmp_path, **flaw)
    with tls_server(tmp_path, certificate) as server:
        text = refusal(ftp_on(server.port, USER, PASSWORD, tls=tls_context(certificate.trust)))
        assert server.handler.commands == ["AUTH"]
    assert "certificate is refused, and nothing was sent" in text
    assert said in text


@pytest.mark.parametrize("self_signed", [True, False])
def test_a_certificate_of_nobody_known_is_refused_unless_its_ca_file_is_given(
    tmp_path: Path, self_signed: bool
) -> None:
    certificate = make_certificate(tmp_path, self_signed=self_signed)
    for folder in ("other", "home"):
        (tmp_path / folder).mkdir()
    other = make_certificate(tmp_path / "other")
    with tls_server(tmp_path / "home", certificate) as server:
        for trust in (None, other.trust):
            text = refusal(ftp_on(server.port, USER, PASSWORD, tls=tls_context(trust)))
            assert "certificate is refused" in text
            assert "ftp_ca_file" in text
        with ftp_on(server.port, USER, PASSWORD, tls=tls_context(certificate.trust)) as source:
            assert source.listing() == Listing(())


def test_a_server_without_tls_is_not_asked_in_plain(serve: Serve) -> None:
    server: FtpServer = serve()
    text = refusal(ftp_on(server.port, USER, PASSWORD, tls=tls_context(None)))
    assert "the server takes no TLS (500), and it is not asked without" in text
    assert server.handler.commands == ["AUTH"]


def test_a_ca_file_without_certificates_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("certificates")
    with pytest.raises(SettingsError, match=r"ftp_ca_file: .*ca\.pem cannot be read: no certificates"):
        tls_context(tmp_path / "ca.pem")
    with pytest.raises(SettingsError, match="No such file"):
        tls_context(tmp_path / "missing.pem")


# --- host keys


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with SftpServer(tmp_path) as running:
        yield running


def known(path: Path, *lines: str) -> Trust:
    path.write_text("".join(f"{line}\n" for line in lines))
    return read_known_hosts(path)


def entry(name: str, key: paramiko.PKey) -> str:
    return f"{name} {key.get_name()} {key.get_base64()} a comment"


def test_a_key_that_is_not_the_pinned_one_is_refused_before_the_login(server: SftpServer) -> None:
    text = refusal(sftp_on(server.port, Pinned(OTHER_KEY.fingerprint), LOGIN))
    assert f"its host key ecdsa-sha2-nistp256 {server.host_key.fingerprint} is not the one" in text
    assert "ftp_host_fingerprint" in text
    assert server.logins == 0


def test_a_key_that_is_not_the_known_one_is_refused_before_the_login(
    server: SftpServer, tmp_path: Path
) -> None:
    file = tmp_path / "known"
    text = refusal(sftp_on(server.port, known(file, entry(f"[127.0.0.1]:{server.port}", OTHER_KEY)), LOGIN))
    assert f"{server.host_key.fingerprint} is not the one in {file}" in text
    assert server.logins == 0


@pytest.mark.parametrize("exists", [True, False])
def test_a_host_that_is_not_known_is_refused_with_its_fingerprint(
    server: SftpServer, tmp_path: Path, exists: bool
) -> None:
    file = tmp_path / "known"
    elsewhere = [entry(name, server.host_key) for name in ("127.0.0.1", "[127.0.0.1]:1", "example.org")]
    trust = known(file, *elsewhere) if exists else read_known_hosts(file)
    text = refusal(sftp_on(server.port, trust, LOGIN))
    assert f"{server.host_key.fingerprint} is unknown" in text
    assert f"{file} has none for [127.0.0.1]:{server.port}" in text
    assert server.logins == 0


@pytest.mark.parametrize("hashed", [True, False])
def test_a_known_key_is_found_in_whatever_company(server: SftpServer, tmp_path: Path, hashed: bool) -> None:
    name = f"[127.0.0.1]:{server.port}"
    trust = known(
        tmp_path / "known",
        "# comment",
        "",
        "@cert-authority * ssh-rsa AAAA",
        f"{name} ssh-ed25519 not-base64",
        f"|1|broken {server.host_key.get_name()} {server.host_key.get_base64()}",
        f"{name} ssh-of-tomorrow AAAA",
        entry(name, OTHER_KEY),
        entry(paramiko.HostKeys.hash_host(name) if hashed else f"example.org,{name}", server.host_key),
    )
    with sftp_on(server.port, trust, LOGIN) as source:
        assert {one.name for one in source.listing().entries} == {"known"}


def test_of_several_host_keys_the_known_one_is_shown(server: SftpServer, tmp_path: Path) -> None:
    for key in (server.other_host_key, server.host_key):
        trust = known(tmp_path / "known", entry(f"[127.0.0.1]:{server.port}", key))
        with sftp_on(server.port, trust, LOGIN) as source:
            assert {one.name for one in source.listing().entries} == {"known"}


def test_a_revoked_key_is_trusted_of_nobody(server: SftpServer, tmp_path: Path) -> None:
    name = f"[127.0.0.1]:{server.port}"
    trust = known(
        tmp_path / "known",
        entry(name, server.host_key),
        entry("@revoked *", server.host_key),
    )
    assert "is revoked in" in refusal(sftp_on(server.port, trust, LOGIN))


OLD = "its only host key is one that signs with SHA-1 (ssh-rsa), which can be forged"


def test_a_server_that_has_only_a_key_of_sha_1_is_told_what_it_needs() -> None:
    offers = [
        "curve25519-sha256",
        "ssh-rsa",
        *["aes128-ctr"] * 2,
        *["hmac-sha2-256"] * 2,
        *["none"] * 2,
        "",
        "",
    ]
    lists = b"".join(string(offer.encode()) for offer in offers)
    payload = b"\x14" + bytes(16) + lists + bytes(5)
    padding = 16 - (5 + len(payload)) % 8
    hello = (
        b"SSH-2.0-Old_1.0\r\n"
        + struct.pack(">IB", 1 + len(payload) + padding, padding)
        + payload
        + bytes(padding)
    )

    def says(sent: socket.socket) -> None:
        sent.sendall(hello)
        while sent.recv(1000):
            pass

    with Speaking(says) as server:
        error = refused(sftp_on(server.port, Pinned(OTHER_KEY.fingerprint), LOGIN))
    assert OLD in str(error)
    assert "key of Ed25519" in str(error)
    assert error.lasting


@servers
def test_sshd_with_a_key_of_sha_1_only(open_folder: Path) -> None:
    with run_sshd(open_folder, open_folder, ["rsa"], options="HostKeyAlgorithms ssh-rsa\n") as daemon:
        assert OLD in refusal(sftp_on(daemon.port, Pinned(OTHER_KEY.fingerprint), LOGIN))


# --- keys to log in with


@pytest.mark.parametrize(
    ("kind", "passphrase"), [("ed25519", ""), ("ed25519", "løsen"), ("rsa", "løsen"), ("ecdsa", "")]
)
@servers
def test_a_key_logs_in(server: SftpServer, tmp_path: Path, kind: str, passphrase: str) -> None:
    make_key(tmp_path / "key", kind, passphrase)
    key = read_key(tmp_path / "key", passphrase or None)
    server.keys.append(key)
    with sftp_on(
        server.port, Pinned(server.host_key.fingerprint), Login(sftp_server.USER, key=key)
    ) as source:
        assert "key" in {one.name for one in source.listing().entries}
    assert server.logins == 0


def test_a_password_is_tried_where_the_key_is_not_taken(server: SftpServer) -> None:
    trust = Pinned(server.host_key.fingerprint)
    both = Login(sftp_server.USER, sftp_server.PASSWORD, OTHER_KEY)
    with sftp_on(server.port, trust, both) as source:
        assert source.listing() == Listing(())
    assert "refuses the login" in refusal(sftp_on(server.port, trust, Login(sftp_server.USER, key=OTHER_KEY)))
    assert sftp_server.PASSWORD not in repr(both)


@servers
def test_a_key_file_that_cannot_be_used_is_said_without_the_passphrase(tmp_path: Path) -> None:
    make_key(tmp_path / "key", "ed25519", "løsenet")
    (tmp_path / "text").write_text("løsenet")
    for name, passphrase, said in [
        ("key", None, "set ftp_ssh_key_pass"),
        ("key", "forkert-løsen", "ftp_ssh_key_pass is not its passphrase"),
        ("key.pub", None, "no private key"),
        ("text", None, "no private key"),
        ("missing", None, "cannot be read: No such file"),
    ]:
        with pytest.raises(SettingsError, match=said) as caught:
            read_key(tmp_path / name, passphrase)
        assert str(caught.value).startswith(f"ftp_ssh_key_path: {tmp_path / name}")
        assert "løsen" not in str(caught.value)
        assert caught.value.__cause__ is None


def pkcs8(path: Path, passphrase: str | None = None) -> Path:
    """An RSA key as `openssl genpkey` writes it."""
    hidden = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)
    )
    path.chmod(0o600)
    return path


def fault_of(path: Path, passphrase: str | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read_key(path, passphrase)
    return str(caught.value)


@pytest.mark.parametrize("passphrase", [None, "løsenet"])
def test_a_key_in_pkcs_8_is_called_so(tmp_path: Path, passphrase: str | None) -> None:
    key = pkcs8(tmp_path / "my key", passphrase)
    text = fault_of(key, passphrase)
    assert text.startswith(f"ftp_ssh_key_path: {key}: a key in PKCS#8, which is not read: ")
    assert text.endswith(f"ssh-keygen -p -f '{key}'")


@servers
def test_what_is_said_of_a_key_in_pkcs_8_makes_of_it_one_that_is_read(tmp_path: Path) -> None:
    key = pkcs8(tmp_path / "my key")
    command = fault_of(key).rpartition("form: ")[2]
    subprocess.run([*shlex.split(command), "-N", ""], check=True, stdin=subprocess.DEVNULL)
    assert read_key(key, None).get_name() == "ssh-rsa"


def test_a_key_of_putty_is_called_so(tmp_path: Path) -> None:
    key = tmp_path / "los.ppk"
    key.write_text("PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: los\r\n")
    text = fault_of(key)
    assert "a key of PuTTY, which is not read" in text
    assert text.endswith(f"puttygen {key} -O private-openssh -o {key}.openssh")

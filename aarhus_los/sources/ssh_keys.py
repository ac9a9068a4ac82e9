"""The keys of SSH: what we log in with, and which host keys a server may show. Needs paramiko."""

from __future__ import annotations

import hmac
import shlex
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct
from paramiko import ECDSAKey, Ed25519Key, HostKeys, PasswordRequiredException, PKey, RSAKey, SSHException
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from aarhus_los.errors import SettingsError

_PORT_WITHOUT_MENTION: Final = 22
_HASHED: Final = "|1|"
_KINDS: Final = (Ed25519Key, ECDSAKey, RSAKey)
_FOREIGN: Final = (
    (b"PuTTY-User-Key-File", "a key of PuTTY", "puttygen {path} -O private-openssh -o {path}.openssh"),
    (b"-----BEGIN PRIVATE KEY", "a key in PKCS#8", "ssh-keygen -p -f {path}"),
    (b"-----BEGIN ENCRYPTED PRIVATE KEY", "a key in PKCS#8", "ssh-keygen -p -f {path}"),
)
"""What a key that paramiko does not read begins with, what it is, and what makes of it one that is read."""


class Pinned(Struct, frozen=True):
    """The one key of a fingerprint as OpenSSH writes it: `SHA256:` and base64 without padding."""

    fingerprint: str

    def kinds(self, host: str, port: int) -> frozenset[str]:
        """The kinds of key to ask this server for first; empty for any."""
        return frozenset()

    def refusal(self, host: str, port: int, key: PKey) -> str | None:
        """Why the key is not to be trusted, and what to do; None if it is."""
        if hmac.compare_digest(key.fingerprint.encode(), self.fingerprint.encode()):
            return None
        return (
            f"its host key {_shown(key)} is not the one in ftp_host_fingerprint: if the server's owner says that this"
            " is its key, set it"
        )


class KnownHosts(Struct, frozen=True):
    """The keys of a known_hosts file, with the methods of `Pinned`. `revoked` are those to be trusted of no server."""

    path: Path
    entries: tuple[HostKeyEntry, ...]
    revoked: frozenset[str]

    def kinds(self, host: str, port: int) -> frozenset[str]:
        return frozenset(key.get_name() for key in self._keys(host, port))

    def refusal(self, host: str, port: int, key: PKey) -> str | None:
        if key.fingerprint in self.revoked:
            return f"its host key {_shown(key)} is revoked in {self.path}"
        known = [known.fingerprint for known in self._keys(host, port)]
        if key.fingerprint in known:
            return None
        if known:
            return (
                f"its host key {_shown(key)} is not the one in {self.path}: if the server's owner says that its key"
                " was changed, correct the file"
            )
        return (
            f"its host key {_shown(key)} is unknown, {self.path} has none for {_name(host, port)}: if the server's"
            " owner says that this is its key, set ftp_host_fingerprint to it, or add it to the file"
        )

    def _keys(self, host: str, port: int) -> list[PKey]:
        name = _name(host, port)
        return [entry.key for entry in self.entries if any(_matches(name, one) for one in entry.hostnames)]


Trust: TypeAlias = Pinned | KnownHosts
"""Decides about a host key before anything else is sent."""


def read_known_hosts(path: Path) -> KnownHosts:
    """A file that is not there knows no host. Lines that are not understood (patterns, authorities) trust nobody.

    Raises SettingsError for a file that cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    except OSError as error:
        raise SettingsError(f"ftp_known_hosts: {path} cannot be read: {error.strerror}") from None
    entries, revoked = [], set()
    for line in lines:
        marker, _, rest = line.strip().partition(" ")
        if not marker.startswith("@"):
            entries.append(_entry(line.strip()))
        elif marker == "@revoked" and (entry := _entry(rest.strip())):
            revoked.add(entry.key.fingerprint)
    return KnownHosts(path, tuple(filter(None, entries)), frozenset(revoked))


def _entry(line: str) -> HostKeyEntry | None:
    try:
        return None if line.startswith("#") else HostKeyEntry.from_line(line)
    except (SSHException, InvalidHostKey, ValueError):
        return None


def _name(host: str, port: int) -> str:
    """What a known_hosts file calls a server."""
    return host.lower() if port == _PORT_WITHOUT_MENTION else f"[{host.lower()}]:{port}"


def _matches(name: str, listed: str) -> bool:
    if not listed.startswith(_HASHED):
        return listed.lower() == name
    try:
        return hmac.compare_digest(HostKeys.hash_host(name, listed), listed)
    except (AssertionError, ValueError, IndexError):
        return False


def _shown(key: PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


class Login(Struct, frozen=True):
    """Who logs in, with a key or a password or both. Nothing else is tried: no agent, no keys that lie around."""

    user: str
    password: str | None = None
    key: PKey | None = None

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


def read_key(path: Path, passphrase: str | None) -> PKey:
    """A private key. Raises SettingsError for a file that holds none, and for a passphrase that is missing or wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"ftp_ssh_key_path: {path} cannot be read: {error.strerror}") from None
    for kind in _KINDS:
        try:
            return kind.from_private_key_file(str(path), passphrase)
        except PasswordRequiredException:
            raise SettingsError(
                f"ftp_ssh_key_path: {path}: it needs a passphrase: set ftp_ssh_key_pass"
            ) from None
        except (SSHException, ValueError, IndexError, TypeError):
            pass
    raise SettingsError(f"ftp_ssh_key_path: {path}: {_fault(path, content, passphrase)}")


def _fault(path: Path, content: bytes, passphrase: str | None) -> str:
    for beginning, what, command in _FOREIGN:
        if content.startswith(beginning):
            command = command.format(path=shlex.quote(str(path)))
            return f"{what}, which is not read: this writes it in OpenSSH's form: {command}"
    # paramiko takes the padding of some keys without a comment for their end.
    fault = "no private key of Ed25519, ECDSA or RSA, or one without a comment (ssh-keygen -c sets it)"
    return fault + (", or ftp_ssh_key_pass is not its passphrase" if passphrase else "")

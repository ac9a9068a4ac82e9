"""What we log in with on an SSH server: a private key, a password, or both. Needs paramiko."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import paramiko

from aarhus_los.errors import SettingsError

_KINDS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_FOREIGN: Final = (
    (b"PuTTY-User-Key-File", "a key of PuTTY", "puttygen {path} -O private-openssh -o {path}.openssh"),
    (b"-----BEGIN PRIVATE KEY", "a key in PKCS#8", "ssh-keygen -p -f {path}"),
    (b"-----BEGIN ENCRYPTED PRIVATE KEY", "a key in PKCS#8", "ssh-keygen -p -f {path}"),
)
"""What a key that paramiko does not read begins with, what it is, and what makes of it one that is read."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, with a key or a password or both. Nothing else is tried: no agent, no keys that lie around."""

    user: str
    password: str | None = field(default=None, repr=False)
    key: paramiko.PKey | None = field(default=None, repr=False)


def read_key(path: Path, passphrase: str | None) -> paramiko.PKey:
    """A private key. Raises SettingsError for a file that holds none, and for a passphrase that is missing or wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"ftp_ssh_key_path: {path} cannot be read: {error.strerror}") from None
    for kind in _KINDS:
        try:
            return kind.from_private_key_file(str(path), passphrase)
        except paramiko.PasswordRequiredException:
            raise SettingsError(
                f"ftp_ssh_key_path: {path}: it needs a passphrase: set ftp_ssh_key_pass"
            ) from None
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
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

"""FTP over TLS: certificates checked before the login, data connections in the session of the control connection."""

from __future__ import annotations

import ftplib
import socket
import ssl
from contextlib import suppress
from pathlib import Path

from aarhus_los.errors import SettingsError, UnavailableError
from aarhus_los.sources.ftp_client import Client, refusal_means


class _Socket(ssl.SSLSocket):
    def unwrap(self) -> socket.socket:
        """Ends TLS, as one does after a transfer. Many servers just close instead: what came is checked otherwise, a
        file by its size and a listing by the server's word on the control connection."""
        with suppress(OSError):
            return super().unwrap()
        return self


class TlsClient(Client, ftplib.FTP_TLS):
    """A client whose data connections resume the TLS session of the control connection.

    Servers ask for that (vsftpd: `require_ssl_reuse`), for it proves that both connections have the same client.
    """

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        self._data = self.context.wrap_socket(plain, server_hostname=self.host, session=session)
        return self._data, size

    def start_tls(self, place: str) -> None:
        """Secures the control connection, before the login. Raises UnavailableError where the server has no TLS, or a
        certificate not to trust."""
        try:
            with refusal_means(
                f"{place}: the server takes no TLS", ", and it is not asked without: see ftp_url"
            ):
                self.auth()
        except ssl.SSLCertVerificationError as error:
            raise UnavailableError(
                f"{place}: the server's certificate is refused, and nothing was sent: {error.verify_message};"
                " if it is the right server, set ftp_ca_file to the certificate of the CA that signs for it",
                lasting=True,
            ) from None

    def protect_data(self, place: str) -> None:
        """After the login: data connections are encrypted too. Raises UnavailableError where the server will not."""
        text = f"{place}: the server does not encrypt the files"
        with refusal_means(text, ", and they are not read without"):
            self.prot_p()


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Takes certificates of this CA file alone, or else those that the system trusts; never a wrong name or an old one.

    Raises SettingsError for a file without certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = "no certificates in PEM in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise SettingsError(f"ftp_ca_file: {ca_file} cannot be read: {reason}") from None
    context.sslsocket_class = _Socket
    return context

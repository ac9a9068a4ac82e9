from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sources.ftp_server import FtpServer, Handler


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., FtpServer]]:
    """Starts FTP servers on loopback; their home is the folder `home` of the test."""
    (tmp_path / "home").mkdir()
    with ExitStack() as stack:
        yield lambda handler=Handler: stack.enter_context(FtpServer(tmp_path / "home", handler))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that a server's unprivileged user reaches: pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="los-server-") as name:
        base = Path(name)
        base.chmod(0o755)
        yield base

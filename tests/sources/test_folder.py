from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aarhus_los.errors import UnavailableError
from aarhus_los.sources.entries import Entry
from aarhus_los.sources.folder import Folder

NAME = "Org_nye_20210128_123742.csv"
WHEN = datetime(2021, 7, 28, 11, 40, 2, tzinfo=UTC)


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    os.utime(path, (WHEN.timestamp(), WHEN.timestamp()))


def test_lists_regular_files_and_links_to_them(tmp_path: Path) -> None:
    put(tmp_path / NAME, b"12345")
    put(tmp_path / "læs mig.txt", b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / NAME)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "Org_nye_20210129_000000.csv")
    with Folder(tmp_path) as source:
        assert sorted(source.listing().entries, key=lambda entry: entry.name) == [
            Entry(NAME, 5, WHEN),
            Entry("link", 5, WHEN),
            Entry("læs mig.txt", 0, WHEN),
        ]


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_none_is_unavailable(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Folder(tmp_path / name) as source, pytest.raises(UnavailableError, match=str(tmp_path / name)):
        source.listing()

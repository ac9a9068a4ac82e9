from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aarhus_los.errors import FileRefused, UnavailableError
from aarhus_los.sources.entries import Entry, FileChanged
from aarhus_los.sources.folder import Folder
from tests.sources.sites import unprivileged

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


@pytest.mark.parametrize("name", ["missing", "file", "circle"])
def test_a_folder_that_is_none_is_unavailable(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "circle").symlink_to("circle")
    with Folder(tmp_path / name) as source, pytest.raises(UnavailableError) as caught:
        source.listing()
    assert str(tmp_path / name) in str(caught.value)
    assert caught.value.lasting


def test_a_folder_that_goes_away_after_it_was_listed_takes_no_file_with_it(tmp_path: Path) -> None:
    """As a drive that is not there any more: its files wait for nothing, the run ends."""
    folder = tmp_path / "drive"
    folder.mkdir()
    put(folder / NAME, b"12345")
    with Folder(folder) as source:
        source.listing()
        folder.rename(tmp_path / "away")
        with pytest.raises(UnavailableError, match="its drive mounted"):
            source.read(NAME)


def test_a_file_that_became_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    put(tmp_path / NAME, b"12345")
    with Folder(tmp_path) as source:
        source.listing()
        (tmp_path / NAME).unlink()
        os.mkfifo(tmp_path / NAME)
        with pytest.raises(FileChanged, match="gone"):
            source.read(NAME)


def test_a_link_into_a_folder_that_is_not_for_us_is_a_file_that_cannot_be_read(open_folder: Path) -> None:
    (open_folder / "closed").mkdir()
    put(open_folder / "closed" / NAME, b"12345")
    (open_folder / NAME).symlink_to(open_folder / "closed" / NAME)
    (open_folder / "Org_nye_20210129_000000.csv").symlink_to("Org_nye_20210129_000000.csv")
    (open_folder / "closed").chmod(0o700)
    with unprivileged(), Folder(open_folder) as source:
        assert {entry.name: entry.size for entry in source.listing().entries} == {NAME: None}
        with pytest.raises(FileRefused, match="size"):
            source.read(NAME)

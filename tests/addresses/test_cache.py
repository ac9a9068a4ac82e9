from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarhus_los.addresses.cache import Cache
from aarhus_los.addresses.outcomes import Answer, Found, Unknown, Unsafe

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FOUND = Found("0a3f50c4-379f-32b8-e044-0003ba298018", "Skt. Johannes Allé 2, 8000 Aarhus C")
UNSAFE = Unsafe(800, "Interval", "Vestergade 1, 8000 Aarhus C", "the text is an interval")
UNKNOWN = Unknown(-1000, "Tekst kan ikke genkendes som en adresse", "Vestergade")
ANSWERS: dict[str, Answer] = {"Ærøgade 1": FOUND, "Vestergade 1-5": UNSAFE, "Nowhere": UNKNOWN}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.addresses.json"


def filled(path: Path, now: datetime = NOW, service: str = "") -> Cache:
    cache = Cache(path, service=service)
    for text, answer in ANSWERS.items():
        cache.put(text, answer, now)
    cache.save(now)
    return cache


def remembered(cache: Cache, now: datetime) -> dict[str, Answer]:
    answers = {text: cache.get(text, now) for text in ANSWERS}
    return {text: answer for text, answer in answers.items() if answer is not None}


def test_answers_come_back_as_they_were(path: Path) -> None:
    assert remembered(filled(path), NOW) == ANSWERS
    again = Cache(path)
    assert remembered(again, NOW) == ANSWERS
    assert again.get("Another text", NOW) is None
    assert again.warnings == []


def test_misses_are_asked_anew_after_a_day_and_hits_after_thirty(path: Path) -> None:
    filled(path)
    cache = Cache(path)
    assert remembered(cache, NOW + timedelta(days=1) - MINUTE) == ANSWERS
    assert remembered(cache, NOW + timedelta(days=1) + MINUTE) == {"Ærøgade 1": FOUND}
    assert remembered(cache, NOW + timedelta(days=30) - MINUTE) == {"Ærøgade 1": FOUND}
    assert remembered(cache, NOW + timedelta(days=30) + MINUTE) == {}


def test_a_new_answer_counts_from_its_own_day(path: Path) -> None:
    filled(path)
    later = NOW + timedelta(days=29)
    cache = Cache(path)
    cache.put("Ærøgade 1", FOUND, later)
    cache.save(later)
    assert Cache(path).get("Ærøgade 1", NOW + timedelta(days=45)) == FOUND


def test_an_answer_from_the_future_does_not_count(path: Path) -> None:
    filled(path, NOW + timedelta(days=400))
    assert remembered(Cache(path), NOW) == {}


def test_age_is_told_across_time_zones(path: Path) -> None:
    filled(path, NOW.astimezone(timezone(timedelta(hours=-9))))
    assert (
        remembered(Cache(path), (NOW + timedelta(hours=23)).astimezone(timezone(timedelta(hours=9))))
        == ANSWERS
    )


def test_what_is_too_old_leaves_the_file(path: Path) -> None:
    filled(path)
    later = NOW + timedelta(days=2)
    Cache(path).save(later)
    assert list(json.loads(path.read_text())["answers"]) == ["Ærøgade 1"]


def test_another_service_s_answers_do_not_count(path: Path) -> None:
    filled(path, service="http://127.0.0.1:5000")
    assert remembered(Cache(path, service="https://adressevaelger.dk"), NOW) == {}
    assert remembered(Cache(path, service="http://127.0.0.1:5000"), NOW) == ANSWERS


def test_only_its_owner_can_read_it_and_nothing_else_is_left(path: Path) -> None:
    path.write_text("readable by all")
    path.chmod(0o644)
    filled(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_says_it_all_is_left_alone(path: Path) -> None:
    filled(path)
    before = path.stat()
    cache = Cache(path)
    cache.save(NOW + MINUTE)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_to_remember_makes_no_file(path: Path) -> None:
    Cache(path).save(NOW)
    assert not path.exists()


def test_read_only_reads_and_writes_nothing(path: Path) -> None:
    filled(path)
    before = path.read_bytes()
    cache = Cache(path, read_only=True)
    assert remembered(cache, NOW) == ANSWERS
    cache.put("Another text", FOUND, NOW)
    cache.save(NOW)
    assert cache.get("Another text", NOW) == FOUND
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"answers"', '"antworten"'),
        ('"designation"', '"since": 1, "designation"'),
        ("0a3f50c4-", "0A3F50C4-"),
        ("22:30:00Z", "22:30:00"),
        ('"found"', '"lost"'),
        ("800", '"eight hundred"'),
        ("}", ""),
        ("{", "["),
        ("Ærø", "\udcff"),
    ],
)
def test_a_broken_file_is_a_warning_and_written_anew(path: Path, old: str, new: str) -> None:
    filled(path)
    content = path.read_text(encoding="utf-8")
    broken = content.replace(old, new)
    assert broken != content
    path.write_bytes(broken.encode("utf-8", "surrogateescape"))
    cache = Cache(path)
    assert remembered(cache, NOW) == {}
    assert len(cache.warnings) == 1
    assert str(path) in cache.warnings[0]
    assert "broken" in cache.warnings[0]
    filled(path)
    assert remembered(Cache(path), NOW) == ANSWERS


@given(st.binary(max_size=200))
def test_whatever_the_file_holds_is_no_failure(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("cache") / "state.addresses.json"
    path.write_bytes(content)
    cache = Cache(path)
    assert cache.get("Ærøgade 1", NOW) is None
    assert len(cache.warnings) == 1


def test_a_file_that_cannot_be_read_or_written_is_a_warning(path: Path) -> None:
    path.mkdir()
    cache = filled(path)
    assert remembered(cache, NOW) == ANSWERS
    read, written = cache.warnings
    assert "cannot be read" in read
    assert "cannot be written" in written
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_folder_is_a_warning(path: Path) -> None:
    cache = filled(path.parent / "missing" / path.name)
    (warning,) = cache.warnings
    assert "cannot be written" in warning


def test_a_text_that_cannot_be_encoded_costs_no_other_answer(path: Path) -> None:
    cache = Cache(path)
    cache.put("Vestergade \ud800", FOUND, NOW)
    cache.put("Ærøgade 1", FOUND, NOW)
    cache.save(NOW)
    again = Cache(path)
    assert again.get("Ærøgade 1", NOW) == FOUND
    assert again.warnings == []


def test_half_a_letter_of_the_service_costs_a_warning(path: Path) -> None:
    cache = Cache(path)
    cache.put("Nygade 2", Found(FOUND.uuid, "Nygade\ud800 2"), NOW)
    cache.save(NOW)
    (warning,) = cache.warnings
    assert "cannot be written" in warning
    assert not path.exists()

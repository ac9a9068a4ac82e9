from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from uuid import UUID

import pytest

from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file

PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (800 << 20, 800 << 20))
from aarhus_los.drop.names import parse_name
from aarhus_los.drop.reader import read_file
parsed = read_file(parse_name("Pers_nye_20210128_123742.csv"), sys.stdin.buffer.read())
print(len(parsed.rows), len(parsed.rejects))
"""


def people(count: int) -> bytes:
    unit, kind, job = (str(UUID(int=number)) for number in (1, 2, 3))
    lines = [
        "UUID;BrugervendtNøgle;CPR;CPRNavn;StartTid;SlutTid;Email;PrimærAnsættelse;OrgenhedUUID;"
        "EngagementTypeUUID;StillingsBetegnelseUUID;AZID;ADITSystemUUID;ADkonto;ADkontoUUID"
    ]
    for number in range(1, count + 1):
        day = f"{number % 28 + 1:02}-{number % 12 + 1:02}-{1990 + number % 30}"
        lines.append(
            f"{UUID(int=number)};{number};{number % 28 + 1:02}0280-{number % 4000:04};Åse Østergård {number};{day};"
            f";aase{number}@aarhus.dk;Ja;{unit};{kind};{job};az{number};{unit};ad{number};{UUID(int=number)}"
        )
    return "\r\n".join(lines).encode()


@pytest.mark.slow
def test_half_a_million_rows_fit_in_800_megabytes() -> None:
    read = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=people(500_000), capture_output=True, timeout=300, check=False
    )
    assert (read.returncode, read.stdout.decode().split()) == (0, ["500000", "0"]), read.stderr.decode()[
        -500:
    ]


@pytest.mark.slow
def test_reading_takes_at_most_eight_times_as_long_as_plain_dicts() -> None:
    name = parse_name("Pers_nye_20210128_123742.csv")
    assert name is not None
    data = people(30_000)

    def ours() -> None:
        assert len(read_file(name, data).rows) == 30_000

    def plain() -> None:
        text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
        assert len(list(csv.DictReader(text, delimiter=";"))) == 30_000

    def fastest(action: object) -> float:
        assert callable(action)
        times = []
        for _ in range(3):
            started = time.process_time()
            action()
            times.append(time.process_time() - started)
        return min(times)

    assert fastest(ours) <= 8 * fastest(plain)

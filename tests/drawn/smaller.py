"""Makes a play smaller as long as the same sort of difference is left: fewer steps, rows, columns, and less in MO before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.drawn.perform import Difference
from tests.drawn.plays import Play, Run, Upload
from tests.drawn.world import File, Mo

Perform = Callable[[Play], Difference | None]


def smaller(play: Play, found: Difference, perform: Perform, tries: int = 250) -> tuple[Play, Difference]:
    """The smallest play that greed finds in so many tries, and its difference."""
    begun = True
    while begun and tries > 0:
        begun = False
        for candidate in _candidates(play):
            tries -= 1
            if tries <= 0:
                break
            again = perform(candidate)
            if again is not None and again.sort == found.sort:
                play, found, begun = candidate, again, True
                break
    return play, found


def _candidates(play: Play) -> Iterator[Play]:
    """Smaller plays, the much smaller ones first."""
    steps = play.steps
    for number in reversed(range(len(steps))):
        yield replace(play, steps=steps[:number] + steps[number + 1 :])
    if any(play.mo.values()):
        for mo in _less(play.mo):
            yield replace(play, mo=mo)
    for number in range(len(play.history)):
        if len(play.history) > 1:
            yield replace(play, history=play.history[:number] + play.history[number + 1 :])
        moment, before = play.history[number]
        for mo in _less(before):
            yield replace(play, history=(*play.history[:number], (moment, mo), *play.history[number + 1 :]))
    if play.chunk != 50:
        yield replace(play, chunk=50)
    if play.bare:
        yield replace(play, bare=False)
    for number, step in enumerate(steps):
        again = [each for each in steps if isinstance(each, Upload) and isinstance(step, Upload)]
        twice = len([each for each in again if each.file.name == step.file.name]) > 1
        if isinstance(step, Upload) and step.file.family != "STAM" and not (play.exact and twice):
            for file in _fewer(step.file):
                yield replace(play, steps=(*steps[:number], replace(step, file=file), *steps[number + 1 :]))
        if isinstance(step, Run):
            for plain in (
                replace(step, end=None),
                replace(step, repeat=False),
                replace(step, down=False),
                replace(step, accept=0),
                replace(step, refused=0),
            ):
                if plain != step:
                    yield replace(play, steps=(*steps[:number], plain, *steps[number + 1 :]))


def _less(mo: Mo) -> Iterator[Mo]:
    for kind, objects in mo.items():
        if kind in ("class", "person"):
            continue  # others may need them
        if len(objects) > 1:
            yield {**mo, kind: {}}
        for uuid in objects:
            yield {**mo, kind: {other: each for other, each in objects.items() if other != uuid}}


def _fewer(file: File) -> Iterator[File]:
    for number in range(len(file.rows)):
        yield replace(file, rows=file.rows[:number] + file.rows[number + 1 :])
    for number, row in enumerate(file.rows):
        for column, name in enumerate(file.header):
            plain = _PLAIN.get(name)
            if plain is not None and column < len(row) and row[column] != plain:
                changed = (*row[:column], plain, *row[column + 1 :])
                yield replace(file, rows=(*file.rows[:number], changed, *file.rows[number + 1 :]))


_PLAIN = {
    "LOSID": "",
    "CVR": "",
    "EAN": "",
    "PostAdresse": "",
    "OrgEnhedsTypeUUID": "",
    "Med-i-LinjeOrg": "False",
    "SlutDato": "",
    "SlutTid": "",
    "Email": "",
    "AZID": "",
    "OrgEnhedsNavn": "Enhed",
    "CPRNavn": "Person",
    "BrugervendtNøgle": "K",
    "PrimærAnsættelse": "Ja",
}

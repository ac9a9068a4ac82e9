"""Class lists, and MO as it is, to classes and IT systems.

A list is the whole truth of its day. A new class is made; a changed title is valid from today on; a class that is no longer
listed is told and never ended, since ending a class in use breaks MO's reads of everything that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from aarhus_los.desired.claims import Actual, Desired, DesiredObject, FileRows, Notice, SetAside
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.rows import ClassRow
from aarhus_los.initial import SEED_CLASSES
from aarhus_los.mo.kinds import PUBLISHED, Class, History, ItSystem, Kind, Value
from aarhus_los.timeline import FOREVER, Piece, at

ListFile = FileRows[ClassRow]
SEEDED = frozenset(seed.uuid for seed in SEED_CLASSES)
SHOWN = 5
"""How many classes that are no longer listed are named."""


def desire(
    files: Sequence[ListFile],
    mo: Actual,
    facets: Mapping[str, str],
    today: date,
    first_day: date,
    unreadable: Mapping[str, str],
) -> Desired:
    """What the lists ask of MO. `facets`: user key → uuid; `first_day`: since when a new class is valid.

    `mo` holds all classes of the lists' facets, but for those that MO cannot show: `unreadable`, with the reason.
    """
    desired = Desired()
    for file in files:
        facet = CLASS_LISTS[file.name.kind].facet
        kind = Kind.CLASS if facet else Kind.ITSYSTEM
        known = mo.get(kind, {})
        desired.set_aside += [
            SetAside(reject.ref, reject.column, reject.reason, pending=False)
            for reject in file.rejects
            if file.counts(reject.ref)
        ]
        listed: dict[str, ClassRow] = {}
        for row in file.rows:
            earlier = listed.get(row.uuid)
            if earlier and (earlier.user_key, earlier.name) != (row.user_key, row.name):
                text = f"names the same class as line {earlier.ref.line} and differs: this row wins"
                desired.notices.append(Notice(text, row.ref))
            listed[row.uuid] = row
        for uuid, row in listed.items():
            if file.counts(row.ref) and uuid in unreadable:
                reason = f"MO cannot show {kind} {uuid}: {unreadable[uuid]}"
                desired.set_aside.append(SetAside(row.ref, "", reason, pending=True))
            elif file.counts(row.ref):
                history = known.get(uuid, ())
                start = today if history else first_day
                value = _value(row, facets[facet], history) if facet else ItSystem(row.user_key, row.name)
                desired.objects.append(DesiredObject(kind, uuid, (Piece(start, FOREVER, value, (row.ref,)),)))
        if file.counted is None and facet and listed:
            desired.notices += _tell_unlisted(file.name.name, facets[facet], known, set(listed), today)
    return desired


def _value(row: ClassRow, facet: str, history: History) -> Value:
    latest = history[-1].value if history else None
    scope = latest.scope if isinstance(latest, Class) and latest.scope else "TEXT"
    return Class(facet, row.user_key, row.name, scope, PUBLISHED)


def _tell_unlisted(
    file: str, facet: str, known: Mapping[str, History], listed: set[str], today: date
) -> list[Notice]:
    unlisted = sorted(
        value.name
        for uuid, history in known.items()
        if uuid not in listed
        and uuid not in SEEDED
        and (piece := at(history, today)) is not None
        and isinstance(value := piece.value, Class)
        and value.facet == facet
        and value.published == PUBLISHED
    )
    if not unlisted:
        return []
    names = ", ".join(repr(name) for name in unlisted[:SHOWN])
    more = f" and {len(unlisted) - SHOWN} more" if len(unlisted) > SHOWN else ""
    return [Notice(f"{file}: MO has classes that it does not list, they are left as they are: {names}{more}")]

"""Class lists, and MO as it is, to classes and IT systems.

A list is the whole truth of its day. A new class is made; a changed title is valid from today on; a class that is no longer
listed is reported and never ended, since ending a class in use breaks MO's reads of everything that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from aarhus_los.desired.claims import Desired, DesiredObject, Notice, SetAside
from aarhus_los.desired.world import World
from aarhus_los.drop.classlists import CLASS_LISTS
from aarhus_los.drop.file import DropFile
from aarhus_los.drop.rows import ClassRow
from aarhus_los.initial import FIRST_DAY, SEED_CLASSES, facet_uuids
from aarhus_los.messages import Message
from aarhus_los.mo.model import PUBLISHED, Class, History, ItSystem, Kind, Value
from aarhus_los.timeline import FOREVER, Piece, at

SEEDED = frozenset(seed.uuid for seed in SEED_CLASSES)
SHOWN = 5
"""How many classes that are no longer listed are named."""


def desire(files: Sequence[DropFile], world: World, today: date) -> Desired:
    """What the lists ask of MO, of which `world` holds all classes of the lists' facets that MO can show.

    The rows of a list whose facet MO may have and cannot show wait.
    """
    desired = Desired()
    facets = facet_uuids(world.facets)
    owner: dict[str, str] = {}
    """Class → the list that has it first."""
    for file in sorted(files, key=lambda file: list(CLASS_LISTS).index(file.name.kind)):
        facet = CLASS_LISTS[file.name.kind].facet
        kind = Kind.CLASS if facet else Kind.ITSYSTEM
        known = world.actual.get(kind, {})
        desired.set_aside += [
            SetAside(reject.ref, reject.column, reject.reason, pending=False)
            for reject in file.rejects
            if file.is_due(reject.ref)
        ]
        listed: dict[str, ClassRow] = {}
        for row in file.rows_of(ClassRow):
            earlier = listed.get(row.uuid)
            if earlier and (earlier.user_key, earlier.name) != (row.user_key, row.name):
                desired.notices.append(Notice(Message.CLASS_TWICE(line=earlier.ref.line), row.ref))
            listed[row.uuid] = row
        for uuid, row in listed.items():
            history = known.get(uuid, ())
            latest = history[-1].value if history else None
            was = latest if isinstance(latest, Class) else None
            first = owner.setdefault(uuid, file.name.name)
            if not file.is_due(row.ref):
                continue
            desired.notices += (Notice(str(note), row.ref) for note in row.notes)
            reason, pending = "", False
            if facet is not None and facet in world.doubtful_facets:
                reason, pending = world.cannot_show(world.doubtful_facets[facet]), True
            elif first != file.name.name:
                reason = Message.CLASS_OF_ANOTHER_LIST(uuid=uuid, file=first)
            elif facet and was and was.facet != facets[facet]:
                reason = Message.CLASS_OF_ANOTHER_FACET(uuid=uuid, facet=was.facet)
            elif uuid in world.unreadable:
                reason, pending = world.cannot_show(uuid), True
            if reason:
                desired.set_aside.append(SetAside(row.ref, "", reason, pending))
                continue
            start = today if history else FIRST_DAY
            value: Value = ItSystem(row.user_key, row.name)
            if facet:
                scope = was.scope if was and was.scope else "TEXT"
                value = Class(facets[facet], row.user_key, row.name, scope, PUBLISHED)
            desired.objects.append(DesiredObject(kind, uuid, (Piece(start, FOREVER, value, (row.ref,)),)))
        if file.due is None and facet and listed:
            desired.notices += _unlisted(file.name.name, facets[facet], known, set(listed), today)
    return desired


def _unlisted(
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
    names = [repr(name) for name in unlisted[:SHOWN]]
    if len(unlisted) > SHOWN:
        text = Message.MORE_UNLISTED_CLASSES(file=file, names=names, count=len(unlisted) - SHOWN)
    else:
        text = Message.UNLISTED_CLASSES(file=file, names=names)
    return [Notice(text)]

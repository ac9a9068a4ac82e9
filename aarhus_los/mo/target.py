"""MO as a plan is sent to it: written, and asked what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

from msgspec import Struct

from aarhus_los.api import REST, Api
from aarhus_los.mo.bookmark import Moment, registered_since
from aarhus_los.mo.client import MoClient
from aarhus_los.mo.model import Kind, Organisation
from aarhus_los.mo.read import Histories, read_histories, read_organisation
from aarhus_los.timeline import BEGINNING, FOREVER, Piece


class Target(Struct, frozen=True):
    """MO, the moment of the run that writes, and the API by which it does."""

    client: MoClient
    moment: Moment
    api: Api = REST

    def read(self, kind: Kind, uuids: Collection[str]) -> Histories:
        """The whole histories of objects, and those that MO cannot show."""
        if kind is Kind.ORGANISATION:
            uuid, code = read_organisation(self.client)
            return Histories({uuid: (Piece(BEGINNING, FOREVER, Organisation(code)),)})
        return read_histories(self.client, kind, uuids)

    def read_side_by_side(self, objects: Mapping[Kind, Collection[str]]) -> dict[Kind, Histories]:
        """The histories of objects of several kinds, read at the same time."""
        found: dict[Kind, Histories] = {}

        def read(kind: Kind) -> None:
            found[kind] = self.read(kind, objects[kind])

        self.client.side_by_side(*(partial(read, kind) for kind in objects))
        return found

    def registered(self, objects: Mapping[Kind, Collection[str]]) -> Counter[str]:
        """How often each object, by uuid, was registered since the run's moment. Raises `NotShown`."""
        return registered_since(self.client, objects, self.moment)

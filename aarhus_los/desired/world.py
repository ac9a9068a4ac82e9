"""What all families are worked out on: MO as it is and as it was, and whom and what the drop is about."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from aarhus_los.desired.claims import Actual
from aarhus_los.desired.lines import FileLines, Gathered
from aarhus_los.desired.persons import PeopleInMo
from aarhus_los.messages import Message


class Subjects(Struct, frozen=True):
    """Whom and what new and pending rows are about: by family, each subject's lines in the order of folding."""

    units: Gathered
    persons: Gathered
    managers: Gathered

    @property
    def lines(self) -> dict[str, list[FileLines]]:
        """Of all families."""
        return {**self.units, **self.persons, **self.managers}


class World(Struct, frozen=True):
    """MO as it is, as far as the drop asks, and as it was before the files were imported."""

    organisation: tuple[str, int | None]
    """The root organisation's uuid and municipality code."""
    facets: Mapping[str, str]
    """User key → uuid."""
    actual: Actual
    base: Actual
    """The objects of the subjects as they were before any file that is folded about them."""
    people: PeopleInMo
    unreadable: Mapping[str, str]
    """Objects that MO has and cannot show, and why."""
    odd: frozenset[str] = frozenset()
    """Of those, facets, classes and IT systems: they may be referred to all the same."""
    doubtful_facets: Mapping[str, str] = field(default_factory=dict)
    """The user keys of facets that MO does not show, each with a facet that it cannot show and that may be the one."""

    def cannot_show(self, uuid: str) -> str:
        """That MO cannot show an object, and why."""
        return Message.MO_CANNOT_SHOW(uuid=uuid, reason=self.unreadable[uuid])

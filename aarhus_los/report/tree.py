"""The tree of departments: what happens on each branch, and which whole branches end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from aarhus_los.report.changes import Change, Changes
from aarhus_los.report.words import Sort, collated

LEVELS: Final = 3
"""The root, its departments, and the level below."""
MOST_ENDED: Final = 10
"""So many branches that end are named."""


class Branch(Struct, eq=False):
    """A unit with all that is below it. `units` and `people` are the changes that no branch below it has."""

    uuid: str
    name: str
    counts: Counter[Sort] = field(default_factory=Counter)
    """What happens to how many units on the branch; one that moves away is counted where it was too."""
    persons: int = 0
    """Of how many people something changes."""
    units: list[Change] = field(default_factory=list)
    people: list[Change] = field(default_factory=list)
    children: dict[str, Branch] = field(default_factory=dict)

    @property
    def branches(self) -> list[Branch]:
        return sorted(self.children.values(), key=lambda branch: (collated(branch.name), branch.uuid))


def grow(changes: Changes, names: Mapping[str, str]) -> Branch:
    """The tree of all that changes; the branch that is returned stands above all roots."""
    tree = Branch("", "")
    sorts: dict[str, set[Sort]] = {}
    for change in changes.units:
        of_unit = {sort for kind, sort in change.sorts if kind == "org_unit"}
        sorts.setdefault(change.uuid, set()).update(of_unit)
    counted: set[tuple[str, str, Sort]] = set()
    people: set[tuple[str, str]] = set()
    for change in changes.units:
        chain = (*change.place, change.uuid)
        branches = _branches(tree, chain, names)
        branches[-1].units.append(change)
        away: list[Branch] = []
        if change.left[:LEVELS] != chain[:LEVELS] and change.left:
            away = [each for each in _branches(tree, change.left, names) if each not in branches]
            if away:
                away[-1].units.append(change)
        for sort in sorts[change.uuid] or {Sort.CHANGED}:
            for branch in (*branches, *(away if sort is Sort.MOVED else ())):
                if (branch.uuid, change.uuid, sort) not in counted:
                    counted.add((branch.uuid, change.uuid, sort))
                    branch.counts[sort] += 1
    for change in changes.people:
        branches = _branches(tree, change.place, names)
        branches[-1].people.append(change)
        for branch in branches:
            if (branch.uuid, change.uuid) not in people:
                people.add((branch.uuid, change.uuid))
                branch.persons += 1
    return tree


def _branches(tree: Branch, chain: Sequence[str], names: Mapping[str, str]) -> list[Branch]:
    """The branches from the top down to a unit, as far as the tree goes."""
    found = [tree]
    for uuid in chain[:LEVELS]:
        found.append(found[-1].children.setdefault(uuid, Branch(uuid, names.get(uuid, uuid))))
    return found


def ended_branches(changes: Iterable[Change], names: Mapping[str, str]) -> list[tuple[str, int]]:
    """The paths of the largest branches that end, and how many units end on each; the topmost unit counts too."""
    ended = {change.uuid: change for change in changes if change.has("org_unit", Sort.ENDED)}
    sizes: Counter[str] = Counter()
    for uuid, change in ended.items():
        sizes[next((above for above in change.place if above in ended), uuid)] += 1
    return [
        (" › ".join(names.get(unit, unit) for unit in (*ended[uuid].place, uuid)), size)
        for uuid, size in sizes.most_common(MOST_ENDED)
    ]

"""A write that MO has prepared: checked, and worked out on what it has read; it takes effect when it is submitted."""

from __future__ import annotations

from dataclasses import dataclass

from aarhus_los.sandbox.mo_changes import Change
from aarhus_los.sandbox.mo_errors import MoError
from aarhus_los.sandbox.mo_kinds import Kind
from aarhus_los.sandbox.mo_store import MoStore


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom, and of which MO, a write is asked."""

    store: MoStore
    force: bool = False
    """Whether most checks are skipped."""
    by_graphql: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One create, edit or terminate."""

    kind: Kind
    uuid: str
    change: Change
    creates: bool = False
    fault: MoError | None = None
    """What MO finds only when it writes."""

    def submit(self, store: MoStore) -> str | None:
        """Writes; the answer is the uuid, or None if there is nothing to be changed."""
        store.check_usable()
        if not self.creates and store.registration(self.kind.name, self.uuid) is None:
            return None
        if self.fault is not None:
            raise self.fault
        store.write(self.kind, self.uuid, self.change, creates=self.creates)
        return self.uuid

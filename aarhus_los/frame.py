"""What a run has in hand from its first moment to its last: settings, wishes, the clock, the account, and its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from aarhus_los import clock
from aarhus_los.deadline import Deadline
from aarhus_los.desired.lines import Gathered
from aarhus_los.ledger import Kept, State, save_state
from aarhus_los.messages import Message
from aarhus_los.progress import (
    completed,
    files_of,
    needed_again,
    pending_rows,
    rejected_for_others,
    with_healed,
)
from aarhus_los.pruning import prune
from aarhus_los.report.account import Account
from aarhus_los.report.files import write_failed_addresses, write_rejects
from aarhus_los.selection import Options, Selection
from aarhus_los.settings import Settings

Progress = Callable[[str, int, int], None]
"""Told the phase, and how much of how much is done (0 of 0: it begins)."""


class Frame:
    """One run, whatever it finds to do."""

    def __init__(self, settings: Settings, options: Options, progress: Progress, *, dry: bool) -> None:
        self.settings = settings
        self.options = options
        self.progress = progress
        self.now = clock.now()
        self.deadline = Deadline(settings.run_hours)
        self.kept = Kept(settings.state_file)
        self.account = Account(
            started=self.now, dry=dry, options=options, rejects_exit_code=settings.rejects_exit_code
        )
        self.account.warnings += settings.warnings

    def finish(
        self, state: State, selection: Selection, gathered: Gathered, moment: datetime | None = None
    ) -> None:
        """Reports, kept bytes and the state, in this order: the state never says more than what is done.

        `moment`: that of the run, where it has written to MO.
        """
        account = self.account
        waiting_before = pending_rows(state.lines)
        pending = [aside for aside in account.set_aside if aside.pending]
        others = self.options.accepted_rows - waiting_before - {aside.ref for aside in pending}
        account.warnings += (Message.NOT_PENDING(row=str(ref)) for ref in sorted(others))
        if account.dry:
            return
        with self.phase("write the state"):
            folder, queries = self.settings.report_folder, self.settings.queries_folder
            account.reports += write_rejects(folder, selection.files, account.set_aside)
            folders = {folder: 0o600, **({queries: 0o644} if queries else {})}
            account.reports += write_failed_addresses(folders, selection.files, account.unresolved)
            waiting = {aside.ref for aside in pending if not account.given_up(aside)}
            done_with = [*account.superseded, *(aside for aside in pending if account.given_up(aside))]
            needed = needed_again(gathered, waiting)
            after = completed(
                state,
                selection,
                needed,
                {aside.ref for aside in done_with if not aside.part} - waiting,
                self.now,
                waiting_before if self.options.accept_rejects else self.options.accepted_rows,
                rejected_for_others(selection.files, account.set_aside),
            )
            if moment is not None:
                left_out = [*account.set_aside, *account.superseded]
                after = with_healed(after, selection, left_out, moment)
            kept = files_of(needed)
            self.kept.keep({file.name.name: file.data for file in selection.files if file.name.name in kept})
            save_state(self.settings.state_file, after)
            self.kept.forget_others(kept)
            prune(
                folder,
                self.now,
                self.settings.report_days,
                {name for name, line in after.lines.items() if line.pending},
            )

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.progress(name, 0, 0)
        begun = time.monotonic()
        try:
            yield
        finally:
            spent = self.account.durations.get(name, 0.0)
            self.account.durations[name] = spent + time.monotonic() - begun

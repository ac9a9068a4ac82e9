"""One import, as a story: settings to state, or to a plan."""

from __future__ import annotations

from aarhus_los.files import make_folder, resolved
from aarhus_los.frame import Frame, Progress
from aarhus_los.ledger import load_state
from aarhus_los.lock import locked
from aarhus_los.preflight import preflight
from aarhus_los.pruning import sweep_all
from aarhus_los.report.account import Account
from aarhus_los.report.news import known_rows
from aarhus_los.selecting import select
from aarhus_los.selection import Options
from aarhus_los.settings import Settings
from aarhus_los.sources.open import open_source

__all__ = ["Options", "Progress", "import_drop", "plan_drop"]


def import_drop(settings: Settings, options: Options, progress: Progress) -> Account:
    """Imports what is new. Raises LosError where nothing can be done; what went wrong on the way is in the account."""
    warnings = [
        warning
        for folder, setting in (
            (resolved(settings.state_file).parent, "state_file"),
            (settings.report_folder, "report_folder"),
        )
        if (warning := make_folder(folder, setting))
    ]
    with locked(settings.state_file, settings.run_hours):
        preflight(settings)
        sweep_all(settings)
        frame = Frame(settings, options, progress, dry=False)
        frame.account.warnings[:0] = warnings
        return _run(frame)


def plan_drop(settings: Settings, options: Options, progress: Progress) -> Account:
    """Works out what an import would do, by the same code without its last step. Writes nothing anywhere."""
    return _run(Frame(settings, options, progress, dry=True))


def _run(frame: Frame) -> Account:
    """Selects what is new. Where nothing is, that was all: MO is not asked, and what asks it is not even loaded."""
    account, state = frame.account, load_state(frame.settings.state_file)
    last_import = state.timestamp.date() if state.timestamp else None
    account.known_rows = known_rows(state.lines, last_import, frame.now.date())
    with frame.phase("read the drop"), open_source(frame.settings) as source:
        checked = frame.settings.cpr_validate_birthdate
        selection = select(state, source, frame.kept, frame.now, frame.options, validate_birthdate=checked)
    account.refused = selection.refused
    account.notices += selection.notices
    if selection.quiet:
        frame.finish(state, selection, {})
        return account
    from aarhus_los.reconcile import Reconciliation

    Reconciliation(frame).run(state, selection)
    return account

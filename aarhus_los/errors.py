"""Every error that ends a run, and the exit code that it means.

    LosError
    ├── SettingsError      2   a setting or an option is wrong: the operator mends it
    ├── DataError         65   a file is not what its name says, or a brake tripped: the sender or the operator decides
    │   └── FileRefused        it alone is not imported, and the others are
    ├── UnavailableError  69   a server cannot be reached or refuses us: the next run does the rest
    ├── StateError        74   the state or a folder cannot be read or written: the operator mends it
    └── LockedError       75   another run is under way: nothing to do

What concerns a single row or a single object is no exception but a value: it is set aside and the run goes on (exit 1).
Anything else that is raised is a defect (exit 70).
"""

from __future__ import annotations

from aarhus_los.masking import masked

EXIT_OK = 0
EXIT_ROWS = 1
EXIT_USAGE = 2
EXIT_CHANGES = 10  # only of `plan --exit-code`: all is well, and there is something to write
EXIT_DATA = 65
EXIT_UNAVAILABLE = 69
EXIT_INTERNAL = 70
EXIT_STATE = 74
EXIT_LOCKED = 75

GRAVITY = (EXIT_INTERNAL, EXIT_STATE, EXIT_UNAVAILABLE, EXIT_DATA, EXIT_ROWS, EXIT_OK)
"""Exit codes of a run, the gravest first: the gravest of several wins."""


LASTING = "It will be the same tomorrow, until somebody mends it."


class LosError(Exception):
    """Ends the run. Its text is for people: what happened, where, and what to do. Never a CPR number or a secret."""

    exit_code: int = EXIT_INTERNAL

    def __init__(self, text: str) -> None:
        super().__init__(masked(text))


class SettingsError(LosError):
    """A setting is missing or wrong; one line a problem."""

    exit_code = EXIT_USAGE


def needs_extra(what: str, extra: str) -> SettingsError:
    """What is not installed, and how to install it: from our own wheel or folder, since nobody owns our name on an index."""
    return SettingsError(
        f"{what} needs the extra `{extra}`: install los-import's own wheel or folder as '…[{extra}]', see"
        " `los-import help setup`"
    )


class DataError(LosError):
    """The drop is not to be trusted: a file is refused, or a brake trips."""

    exit_code = EXIT_DATA


class FileRefused(DataError):
    """A file that is not what its name says, or that we are not given: it is refused by name, and the others are read.

    It is not in the state: the next run tries it again.
    """

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: refused: {reason}")
        self.file = file
        self.reason = reason


class UnavailableError(LosError):
    """The file server, MO or the token endpoint cannot be reached or refuses us, after retries.

    `lasting`: it will be the same tomorrow, until somebody mends it (a login, a role, a setting); its text says so.
    """

    exit_code = EXIT_UNAVAILABLE

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(f"{text}. {LASTING}" if lasting else text)
        self.lasting = lasting


class StateError(LosError):
    """The state file or the report folder is broken or cannot be written."""

    exit_code = EXIT_STATE


class LockedError(LosError):
    """Another run holds the lock."""

    exit_code = EXIT_LOCKED

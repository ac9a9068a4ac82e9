"""Plays in which more happens than in the others: files leave the server, rows are given up, MO refuses objects. Drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Final

from aarhus_los.uuids import object_uuid
from tests.drawn.dice import Dice, chance, one_of, weighted
from tests.drawn.draw import ENGAGEMENTS, PERSONS, UNITS
from tests.drawn.drops import CPRS, engagement_uuid, unit_uuid
from tests.drawn.importer import Broken, End
from tests.drawn.plays import ByHand, LoseState, Play, Run, Step, Upload, Wait, leaving, play
from tests.drawn.units import ADDRESSES
from tests.drawn.world import FOREVER

_RUNS_ON: Final = ((6, "split"), (3, "healing"), (1, "late"), (1, "corrected"), (1, "held"))
"""Kinds of plays whose runs may end in other ways too."""


def waiting(dice: Dice, family: str) -> Play:
    """A play in which files leave the server, and up to more than a year passes between the runs."""
    return _followed(
        leaving(dice, family),
        lambda run: [Wait(one_of(dice, (1, 3, 8, 40, 200, 400)))] if chance(dice, 60) else [],
    )


def accepting(dice: Dice, family: str) -> Play:
    """A play in which the operator gives up rows that wait, of files that may leave the server, or of which an import again
    is cut off.
    """
    made = _with_runs(_made(dice, family), lambda run: _accepting(dice, run))
    if made.leaves:
        return made
    steps: list[Step] = []
    given_up = False
    for step in made.steps:
        if isinstance(step, Run):
            if given_up and chance(dice, 50):
                steps.append(
                    Run(since=_some_day(dice, 60), end=End(dice.number(1, 25), brutal=chance(dice, 60)))
                )
            given_up = given_up or step.accept > 0
        steps.append(step)
    return replace(made, steps=tuple(steps))


def _some_day(dice: Dice, most: int) -> date:
    return date(2025, 1, 1) + timedelta(days=dice.number(0, most))


def refusing(dice: Dice, family: str) -> Play:
    """A play in which MO refuses some objects, for a run or for several, and takes them in the end."""
    made = _made(dice, family)
    refused = dice.number(1, 9999)

    def changed(run: Run) -> Run:
        return replace(run, refused=refused) if chance(dice, 50) else _accepting(dice, run)

    made = _with_runs(made, changed)
    return replace(made, steps=(*made.steps, Run()))


def by_hand(dice: Dice, family: str) -> Play:
    """A play in which somebody changes, between the runs, what rows speak of."""
    made = _followed(
        _made(dice, family),
        lambda run: (
            [_by_hand(dice) for _ in range(dice.number(1, 4))] if run.end is None and chance(dice, 60) else []
        ),
    )
    return replace(made, steps=(*made.steps, Run()), exact=False)


def _by_hand(dice: Dice) -> ByHand:
    unit, cpr = unit_uuid(dice.number(0, UNITS - 1)), CPRS[dice.number(0, PERSONS - 1)]
    kind, uuid = one_of(
        dice,
        (
            ("unit", unit),
            ("address", object_uuid(unit + ADDRESSES[one_of(dice, ("LOSID", "EAN", "PostAdresse"))])),
            ("address", object_uuid(cpr + "email")),
            ("person", object_uuid(cpr)),
            ("engagement", engagement_uuid(dice.number(0, ENGAGEMENTS - 1))),
            ("account", object_uuid(cpr + one_of(dice, ("azid", "x")))),
            ("manager", object_uuid(unit + cpr + "manager")),
        ),
    )
    start = _some_day(dice, 90)
    end = FOREVER if chance(dice, 70) else start + timedelta(days=dice.number(0, 40))
    ends = kind != "person" and unit != unit_uuid(0) and chance(dice, 40)
    return ByHand(kind, uuid, start, end, 0 if ends else dice.number(1, 2))


def broken(dice: Dice, family: str) -> Play:
    """A play in which files are broken when they come, or once they are imported, and are whole in the end.

    Some come late, or another version of them, while a broken one is in the place of what was imported.
    """
    how = one_of(dice, [*Broken])
    if chance(dice, 30):
        return replace(leaving(dice, family), spoiled=how)
    made = play(dice, family, one_of(dice, [kind for _, kind in _RUNS_ON]))
    steps: list[Step] = []
    whole: dict[str, Upload] = {}
    broken: list[Upload] = []
    for step in made.steps:
        if isinstance(step, Upload) and family != "classes":
            broken = [each for each in broken if each.file.name != step.file.name]
            if chance(dice, 25):
                broken.append(step)
                step = replace(step, broken=how)
            elif step.file.family != "STAM":
                whole[step.file.name] = step
        steps.append(step)
        if isinstance(step, Run) and step.end is None:
            mended = [each for each in broken if chance(dice, 50)]
            broken = [each for each in broken if each not in mended]
            overwritten = [each for each in whole.values() if each not in mended and chance(dice, 30)]
            for each in overwritten:
                del whole[each.file.name]
            whole |= {each.file.name: each for each in mended if each.file.family != "STAM"}
            broken += overwritten
            steps += [*mended, *(replace(each, broken=how) for each in overwritten)]
            if chance(dice, 30):
                steps.append(Wait(1))
    return replace(made, steps=(*steps, *broken, Run()), exact=False)


def losing(dice: Dice, family: str) -> Play:
    """A play in which the state is lost, also where what was imported has left the server."""
    made = _followed(_made(dice, family), lambda run: [LoseState()] if chance(dice, 40) else [])
    return replace(made, steps=(*made.steps, Run()), exact=False)


def set_otherwise(dice: Dice, family: str) -> Play:
    """A play with other settings, and an MO that now and then has no REST."""
    made = _made(dice, family)
    settings = {
        "graphql_version": dice.number(21, 30),
        "rejects_exit_code": dice.number(0, 1),
        "verify_limit": one_of(dice, (0, 1, 5000)),
        "dar_provider": one_of(dice, ("adressevask", "none")),
        "mo_api": weighted(dice, [(2, "auto"), (1, "graphql")]),
    }
    if chance(dice, 50):
        made = _with_runs(made, lambda run: replace(run, graphql=chance(dice, 60)))
    return replace(made, steps=(*made.steps, Run()), settings=tuple(settings.items()))


def braking(dice: Dice, family: str) -> Play:
    """A play in which runs are held back, and then let pass."""
    made = refusing(dice, family) if chance(dice, 30) else _made(dice, family)
    kinds = ("unit_ends", "unit_moves", "engagement_ends")
    settings = {f"max_{kind}": weighted(dice, [(3, 0), (1, 1)]) for kind in kinds}
    settings["max_refused"] = 0
    percents = dict.fromkeys([f"{name}_percent" for name in settings], 0)
    return replace(made, settings=(*settings.items(), *percents.items()))


def _made(dice: Dice, family: str) -> Play:
    return leaving(dice, family) if chance(dice, 25) else play(dice, family, weighted(dice, _RUNS_ON))


def _accepting(dice: Dice, run: Run) -> Run:
    """What a run that does not come to its end has given up, nobody knows."""
    return replace(run, accept=dice.number(1, 3)) if run.end is None and chance(dice, 40) else run


def _followed(made: Play, by: Callable[[Run], list[Step]]) -> Play:
    """A play with what comes after each of its runs."""
    after = ((step, *(by(step) if isinstance(step, Run) else ())) for step in made.steps)
    return replace(made, steps=tuple(chain.from_iterable(after)))


def _with_runs(made: Play, changed: Callable[[Run], Run]) -> Play:
    return replace(made, steps=tuple(changed(step) if isinstance(step, Run) else step for step in made.steps))


MISHAPS: Final[dict[str, Callable[[Dice, str], Play]]] = {
    "leaving": leaving,
    "waiting": waiting,
    "accepting": accepting,
    "refusing": refusing,
    "by hand": by_hand,
    "broken": broken,
    "losing": losing,
    "set otherwise": set_otherwise,
    "braking": braking,
}

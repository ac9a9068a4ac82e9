"""Draws plays and performs them, without hypothesis: `python -m tests.drawn 200 --family people --seed 7`.

Prints which sorts of differences there are, how often, and one small example of each.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

from tests.drawn.dice import PlainDice
from tests.drawn.draw import FAMILIES
from tests.drawn.mishaps import MISHAPS
from tests.drawn.perform import Difference, perform
from tests.drawn.plays import KINDS, Play, play
from tests.drawn.smaller import smaller


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.drawn", description=__doc__)
    parser.add_argument("number", type=int, help="how many plays are drawn")
    parser.add_argument(
        "--family", choices=("all", *FAMILIES), help="of one family; of each in turn otherwise"
    )
    parser.add_argument("--kind", choices=(*KINDS, *MISHAPS), help="of one kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first play; the others follow")
    parser.add_argument("--only", help="only sorts that have this text in their name")
    parser.add_argument("--tries", type=int, default=150, help="how many smaller plays are tried, a sort")
    parser.add_argument("--brief", action="store_true", help="no examples, only the seeds")
    asked = parser.parse_args()
    families = [asked.family] if asked.family else ["all", *FAMILIES]
    found: dict[str, list[tuple[int, str, Play, Difference]]] = defaultdict(list)
    begun = time.monotonic()
    for seed in range(asked.seed, asked.seed + asked.number):
        family = families[seed % len(families)]
        dice, mishap = PlainDice(seed), MISHAPS.get(asked.kind)
        drawn = mishap(dice, family) if mishap else play(dice, family, asked.kind)
        difference = perform(drawn)
        if difference is not None and (not asked.only or asked.only in difference.sort):
            found[difference.sort].append((seed, family, drawn, difference))
    spent = time.monotonic() - begun
    wrong = sum(map(len, found.values()))
    print(f"{asked.number} plays, {spent / max(asked.number, 1):.2f} s each: {wrong} with a difference")
    by_number = sorted(found.items(), key=lambda each: -len(each[1]))
    for sort, each in by_number:
        seeds = ", ".join(f"{seed} ({family}, {drawn.kind})" for seed, family, drawn, _ in each[:6])
        print(f"{len(each):5}  {sort}\n       seeds {seeds}{' …' if len(each) > 6 else ''}")
    if asked.brief:
        return
    for sort, each in by_number:
        _, _, drawn, difference = min(each, key=lambda one: len(str(one[2])))
        small, difference = smaller(drawn, difference, perform, asked.tries)
        print(f"\n=== {sort}\n{difference.words}\n{small}")


main()

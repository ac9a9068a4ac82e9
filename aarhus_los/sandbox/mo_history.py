"""The valid-time history of one object: what create, edit and terminate make of it; pure.

As in MO, each field has a history of its own, and whether the object is there is one more: a terminate takes away the object
but not its fields, and an edit that brings it back finds those that it does not give again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from aarhus_los.sandbox.moments import day_after, day_before


@dataclass(frozen=True, slots=True)
class Span:
    """The fields of an object from `start` to `end`, both inclusive; an inactive span is not seen by readers."""

    start: date
    end: date
    active: bool
    fields: Mapping[str, Any]


History = tuple[Span, ...]
"""Spans in order, without overlap."""


def created(start: date, end: date, fields: Mapping[str, Any]) -> History:
    """A new history. Creating an object that is there already forgets what it was."""
    return (Span(start, end, True, dict(fields)),)


def edited(history: History, start: date, end: date, fields: Mapping[str, Any]) -> History:
    """Sets the given fields from `start` to `end` and makes the object active there."""
    window = _within(history, start, end)
    if all(span.active and fields.items() <= span.fields.items() for span in window) and _covers(
        window, start, end
    ):
        return history
    changed: list[Span] = []
    day = start
    for span in window:
        if span.start > day:
            changed.append(Span(day, day_before(span.start), True, dict(fields)))
        changed.append(Span(span.start, span.end, True, {**span.fields, **fields}))
        day = day_after(span.end)
    if not window or window[-1].end < end:
        changed.append(Span(day, end, True, dict(fields)))
    return _replaced(history, start, end, changed)


def terminated(history: History, start: date, end: date) -> History:
    """Makes the object inactive from `start` to `end`."""
    window = _within(history, start, end)
    if not any(span.active for span in window):
        return history
    return _replaced(history, start, end, [Span(span.start, span.end, False, span.fields) for span in window])


def active(history: History, start: date, end: date) -> list[Span]:
    """The spans that readers see of the days from `start` to `end`, whole, as MO shows them."""
    return [span for span in history if span.active and span.start <= end and span.end >= start]


def bounds(history: History) -> tuple[date, date] | None:
    """The first and the last day on which the object is active, gaps or not."""
    spans = [span for span in history if span.active]
    return (spans[0].start, spans[-1].end) if spans else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """Joins active neighbours that touch and are equal; inactive ones are left out."""
    joined: list[Span] = []
    for span in spans:
        if not span.active:
            continue
        last = joined[-1] if joined else None
        if last is not None and day_after(last.end) == span.start and last.fields == span.fields:
            joined[-1] = Span(last.start, span.end, True, last.fields)
        else:
            joined.append(span)
    return joined


def _within(history: History, start: date, end: date) -> list[Span]:
    return [
        Span(max(span.start, start), min(span.end, end), span.active, span.fields)
        for span in history
        if span.start <= end and span.end >= start
    ]


def _covers(window: list[Span], start: date, end: date) -> bool:
    if not window or window[0].start > start or window[-1].end < end:
        return False
    return all(day_after(one.end) == other.start for one, other in pairwise(window))


def _replaced(history: History, start: date, end: date, window: list[Span]) -> History:
    kept = [
        Span(span.start, day_before(start), span.active, span.fields) if span.end >= start else span
        for span in history
        if span.start < start
    ]
    rest = [
        Span(day_after(end), span.end, span.active, span.fields) if span.start <= end else span
        for span in history
        if span.end > end
    ]
    return (*kept, *window, *rest)

"""Properties of which every run draws a few examples, and a run of the slow tests many."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any

import pytest
from hypothesis import settings

Test = Callable[..., None]


def examples(few: int, many: int, drawn: Callable[[Test], Test], **how: Any) -> Callable[[Test], Test]:
    """Makes a test of a property. `drawn` is what `hypothesis.given` returns, and `how` are settings beside the number."""

    def test_of(property: Test) -> Test:
        def test(examples: int, **others: Any) -> None:
            settings(max_examples=examples, **how)(drawn(property))(**others)

        number = Parameter("examples", Parameter.POSITIONAL_OR_KEYWORD)
        test.__signature__ = Signature([number, *signature(drawn(property)).parameters.values()])  # type: ignore[attr-defined]
        test.__doc__ = property.__doc__
        return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])(test)

    return test_of

"""What a report says of a look that fits badly."""

from __future__ import annotations

import pytest
from fastphoto_native.report import LookFit, doubt_of


@pytest.mark.parametrize(("fit", "applied", "strength"), [(0.5, 1.0, 1.0), (0.5, 0.6, 0.6), (0.05, 2.0, 1.0)])
def test_a_look_that_fits_or_is_insisted_on_is_no_matter(fit: float, applied: float, strength: float) -> None:
    assert doubt_of(LookFit(0.1, 0.08, fit, applied), strength) is None
    assert doubt_of(None, strength) is None


def test_the_line_names_the_model_for_light() -> None:
    """A night or an autumn is no look, so whoever asks for one must learn where it is to be had."""
    poor = doubt_of(LookFit(0.1, 0.09, 0.2, 1.0), 1.0)
    held = doubt_of(LookFit(0.1, 0.1, 0.02, 0.2), 1.0)
    assert poor is not None
    assert held is not None
    for line in (poor, held):
        assert "--model photowct-lite" in line
        assert "\n" not in line
    assert "fit 0.20" in poor
    assert "strength" not in poor
    assert "strength 0.20 (--insist takes all of it)" in held

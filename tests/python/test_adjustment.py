"""Strengths apart against their twin, and what they promise: identity, luminance, skin and neutrals kept."""

from __future__ import annotations

from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native import _core
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import adjustment as twin

Float32Array = NDArray[np.float32]
LUMA = twin.LUMA.astype(np.float32)
# Float32 against float64, a few operations a pixel.
TOLERANCE = 2e-6


def adjust(content: Float32Array, result: Float32Array, **options: Any) -> Float32Array:
    return _core.adjust(content, result, _core.AdjustmentOptions(**options), 0)


def photos(seed: int = 0, height: int = 9, width: int = 14) -> tuple[Float32Array, Float32Array]:
    rng = np.random.default_rng(seed)
    content = rng.random((height, width, 3), np.float32)
    change = rng.normal(0, 0.2, content.shape) + rng.normal(0, 0.1, 3)
    return content, np.clip(content + change, 0, 1).astype(np.float32)


factors = st.floats(0, 1.5)


@given(st.integers(0, 10**6), factors, factors, factors, st.booleans(), st.booleans(), st.booleans())
def test_it_equals_its_twin(
    seed: int, tone: float, colour: float, balance: float, luminance: bool, skin: bool, neutrals: bool
) -> None:
    content, result = photos(seed)
    found = adjust(
        content, result, tone=tone, colour=colour, white_balance=balance, preserve_luminance=luminance,
        preserve_skin=skin, preserve_neutrals=neutrals,
    )  # fmt: skip
    if (tone, colour, balance, luminance, skin, neutrals) == (1, 1, 1, False, False, False):
        assert np.array_equal(found, result)
        return
    wide = content.astype(float), result.astype(float)
    expected = twin.adjust(*wide, tone, colour, balance, luminance, skin, neutrals)
    # A quantile of 126 pixels falls between two of them; float32 there moves the knee a little.
    assert np.abs(found - expected).max() <= (TOLERANCE if tone <= 1 or luminance else 1e-4)


def test_the_defaults_change_nothing() -> None:
    content, result = photos()
    assert np.array_equal(adjust(content, result), result)


def test_all_off_is_the_content() -> None:
    content, result = photos()
    assert np.abs(adjust(content, result, tone=0, colour=0, white_balance=0) - content).max() <= TOLERANCE


def test_threads_change_nothing() -> None:
    content, result = photos(3, 67, 41)
    options = _core.AdjustmentOptions(tone=1.3, colour=0.4, white_balance=0.7, preserve_skin=True)
    one = _core.adjust(content, result, options, 1)
    assert all(np.array_equal(one, _core.adjust(content, result, options, threads)) for threads in (2, 5))


@pytest.mark.parametrize("options", [{"preserve_luminance": True}, {"tone": 0.0}])
def test_luminance_is_kept_exactly(options: dict[str, Any]) -> None:
    content, result = photos(5)
    assert np.abs(adjust(content, result, **options) @ LUMA - content @ LUMA).max() <= TOLERANCE


def test_white_balance_is_the_shift_that_all_share() -> None:
    content = np.float32(0.3) + np.float32(0.4) * photos(7)[0]
    cast = np.array([0.05, 0, -0.05], np.float32)
    moved = content + cast
    chroma = cast - LUMA @ cast
    without = adjust(content, moved, white_balance=0)
    assert np.abs(without - (content + LUMA @ cast)).max() <= TOLERANCE
    doubled = adjust(content, moved, white_balance=1.5, tone=0)
    assert np.abs(doubled - (content + 1.5 * chroma)).max() <= TOLERANCE
    assert np.abs(adjust(content, moved, colour=0) - moved).max() <= TOLERANCE


def test_neutrals_stay_neutral_and_colours_move() -> None:
    greys = np.linspace(0.1, 0.9, 12, dtype=np.float32)
    content = np.stack([np.repeat(greys[:, None], 3, axis=1), np.tile([[0.7, 0.3, 0.2]], (12, 1))]).astype(np.float32)
    result = np.clip(content + np.array([0.1, 0.0, -0.1], np.float32), 0, 1)
    found = adjust(content, result, preserve_neutrals=True)
    assert np.ptp(found[0], axis=1).max() <= TOLERANCE
    assert np.abs(found[1] - content[1]).max() > 0.05


def test_skin_keeps_its_chroma_and_the_sky_does_not() -> None:
    # Monk skin tone scale (Google, 2022), shades 2, 5 and 8; a sky and a leaf.
    skin = np.array([[0xF3, 0xE7, 0xDB], [0xD7, 0xBD, 0x96], [0x60, 0x41, 0x34]], np.float32) / 255
    other = np.array([[0x5A, 0x96, 0xE6], [0x3C, 0x8C, 0x32]], np.float32) / 255
    content = np.concatenate([skin[1:], other])[None]
    result = np.clip(content + np.array([-0.08, 0.02, 0.1], np.float32), 0, 1)
    found = adjust(content, result, preserve_skin=True)
    moved = np.abs((found - content) - ((found - content) @ LUMA)[..., None]).max(axis=2)[0]
    assert moved[:2].max() <= 0.02
    assert moved[2:].min() >= 0.03


@pytest.mark.parametrize(("name", "value"), [("tone", 1.6), ("color", -0.1), ("white_balance", float("nan"))])
def test_factors_are_checked(name: str, value: float) -> None:
    with pytest.raises(fp.ArgumentError, match=name):
        fp.Adjustment(**{name: value})  # type: ignore[arg-type]
    content, result = photos()
    with pytest.raises(fp.ArgumentError, match=name.replace("color", "colour")):
        adjust(content, result, **{name.replace("color", "colour"): value})


def test_what_is_preserved_is_checked() -> None:
    with pytest.raises(fp.ArgumentError, match="luminance, skin, neutrals"):
        fp.Adjustment(preserve=("hue",))  # type: ignore[arg-type]


def test_the_stylizer_applies_it() -> None:
    content, style = photos(11, 48, 64)[0], photos(12, 40, 40)[0] * np.array([1, 0.7, 0.4], np.float32)
    plain = fp.stylize(content, style, model="photowct-lite", device="cpu")
    kept = fp.stylize(
        content, style, model="photowct-lite", device="cpu", adjustment=fp.Adjustment(preserve=("luminance",))
    )
    assert np.abs(kept @ LUMA - content @ LUMA).max() <= TOLERANCE
    halved = fp.stylize(content, style, model="photowct-lite", device="cpu", adjustment=fp.Adjustment(0.5, 0.5, 0.5))
    # Nothing here is beyond the range half way between content and result.
    assert np.abs(halved - (content + plain) / 2).max() <= 2e-3  # threads of the network, see test_stylizer

"""From statistics to the maps of a chain: against their twin, and for what must hold."""

from __future__ import annotations

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native._core import ChainAlignment
from fastphoto_native.runtime.bundle import Alignment
from hypothesis import given
from hypothesis import strategies as st
from reference import alignment as twin
from reference.knothe_rosenblatt import knothe_rosenblatt, levels_share


def random_statistics(seed: int, channels: int) -> fp.Statistics:
    rng = np.random.default_rng(seed)
    mix = 0.2 * rng.normal(size=(channels, channels))
    return fp.Statistics(rng.random(channels), mix @ mix.T + 0.01 * np.eye(channels))


ALIGNMENTS = [
    Alignment("features", 8, 1, "monge-kantorovich", content_ridge=0.01, relative_ridge=0.1, strength=0.5),
    Alignment("features", 8, 1, "whitening-coloring", style_ridge=0.01, strength=0.5),
    Alignment("colours", 3, 1, "knothe-rosenblatt", relative_ridge=0.03, max_gain=1.2, strength=0.5),
]


def alignment_maps(
    alignment: Alignment, content: list[fp.Statistics], style: list[fp.Statistics], strength: float, *, keep_rest: bool
) -> tuple[np.ndarray, np.ndarray]:
    """T and b of a chain of one alignment."""
    rest = [random_statistics(99, alignment.channels)] if keep_rest else []
    return ChainAlignment([alignment], [style], strength, keep_rest)(0, [*content[: len(style)], *rest])


def changed(alignment: Alignment, **changes: float | str) -> Alignment:
    return Alignment(**(alignment.to_dict() | changes))


@pytest.mark.parametrize("alignment", ALIGNMENTS, ids=lambda a: a.method)
def test_strengths_multiply_and_blend_with_the_identity(alignment: Alignment) -> None:
    c = alignment.channels
    content, style = random_statistics(0, c), random_statistics(1, c)

    def maps(strength: float) -> tuple[np.ndarray, np.ndarray]:
        matrices, offsets = alignment_maps(alignment, [content], [style], strength, keep_rest=False)
        assert (matrices.shape, offsets.shape) == ((1, c, c), (1, c))
        assert matrices.dtype == offsets.dtype == np.float32
        return matrices[0], offsets[0]

    whole = changed(alignment, strength=1.0)
    (full,), (full_offset,) = alignment_maps(whole, [content], [style], 1, keep_rest=False)
    quarter, quarter_offset = maps(0.5)
    # Rounding to float32 of numbers of a few.
    np.testing.assert_allclose(quarter, (full + 3 * np.eye(c)) / 4, atol=1e-6)
    np.testing.assert_allclose(quarter_offset, full_offset / 4, atol=1e-6)
    none, none_offset = maps(0)
    np.testing.assert_array_equal(none, np.eye(c))
    np.testing.assert_array_equal(none_offset, 0)


def test_ridges_add_up() -> None:
    content, style = random_statistics(0, 8), random_statistics(1, 8)
    share = 0.1 * (np.trace(content.covariance) + np.trace(style.covariance)) / 16
    expected = fp.monge_kantorovich(content, style, content_ridge=0.01 + share, style_ridge=share, strength=0.5)
    matrices, _ = alignment_maps(ALIGNMENTS[0], [content], [style], 1, keep_rest=False)
    np.testing.assert_allclose(matrices[0], expected.matrix, atol=1e-6)


def test_colours_get_their_ridges_and_limit() -> None:
    alignment = changed(ALIGNMENTS[2], content_ridge=0.01, style_ridge=0.02)
    content, style = random_statistics(0, 3), random_statistics(1, 3)
    share = 0.03 * (np.trace(content.covariance) + np.trace(style.covariance)) / 6
    expected = knothe_rosenblatt(
        content, style, content_ridge=0.01 + share, style_ridge=0.02 + share, max_gain=1.2, strength=0.5
    )
    matrices, offsets = alignment_maps(alignment, [content], [style], 1, keep_rest=False)
    np.testing.assert_allclose(matrices[0], expected.matrix, atol=1e-6)
    np.testing.assert_allclose(offsets[0], expected.offset, atol=1e-6)


def test_gains_of_levels_are_bounded_both_ways() -> None:
    """A flat content's features are not blown up, and a style out of focus takes no structure away."""
    level = Alignment("features", 8, 1, "monge-kantorovich", relative_ridge=0.01, max_gain=2.0)
    content = random_statistics(0, 8)
    for scale in (1e-4, 1.0, 1e4):
        style = fp.Statistics(content.mean, scale * content.covariance)
        (matrix,), _ = alignment_maps(level, [content], [style], 1, keep_rest=False)
        gains = np.linalg.eigvalsh(matrix)
        assert 0.5 - 1e-6 <= gains.min() <= gains.max() <= 2 + 1e-6
        wanted = np.clip(scale**0.5, 0.5, 2)
        np.testing.assert_allclose(np.median(gains), wanted, rtol=0.02)  # the ridge
    far = random_statistics(1, 8)
    (matrix,), (offset,) = alignment_maps(level, [content], [far], 1, keep_rest=False)
    np.testing.assert_allclose(matrix @ content.mean + offset, far.mean, atol=1e-5)  # the mean is reached all the same


@pytest.mark.parametrize("alignment", ALIGNMENTS, ids=lambda a: a.method)
def test_labels_have_maps_of_their_own_and_the_rest_keeps_its_features(alignment: Alignment) -> None:
    c = alignment.channels
    contents, styles = ([random_statistics(seed + s, c) for s in range(2)] for seed in (0, 2))
    matrices, offsets = alignment_maps(alignment, contents, styles, 1, keep_rest=True)
    for label in range(2):
        alone, offset = alignment_maps(alignment, [contents[label]], [styles[label]], 1, keep_rest=False)
        np.testing.assert_array_equal(matrices[label], alone[0])
        np.testing.assert_array_equal(offsets[label], offset[0])
    np.testing.assert_array_equal(matrices[2], np.eye(c))
    np.testing.assert_array_equal(offsets[2], 0)


@pytest.mark.parametrize("strength", [1.0, 0.7])
def test_what_the_colours_hold_back_the_levels_do_not_bring_in(strength: float) -> None:
    points = [
        Alignment("colours", 3, 1, "knothe-rosenblatt", content_ridge=1e-3, style_ridge=1e-3, max_gain=1.5),
        Alignment("deep", 8, 8, "monge-kantorovich", content_ridge=0.01),
        Alignment("shallow", 4, 4, "whitening-coloring", content_ridge=0.01, strength=0.5),
    ]
    pale = fp.Statistics([0.7, 0.7, 0.7], 0.02 * np.ones((3, 3)) + 0.001 * np.eye(3))
    cast = fp.Statistics([0.8, 0.7, 0.5], 0.02 * np.ones((3, 3)) + 0.001 * np.eye(3))
    colourful = fp.Statistics([0.6, 0.7, 0.4], 0.03 * np.eye(3))
    contents = [[pale, pale], *([random_statistics(s, c), random_statistics(s + 1, c)] for s, c in ((2, 8), (4, 4)))]
    styles = [[colourful, cast], *([random_statistics(s, c), random_statistics(s + 1, c)] for s, c in ((6, 8), (8, 4)))]
    share = levels_share(pale, colourful, content_ridge=1e-3, style_ridge=1e-3, max_gain=1.5)
    assert 0.05 < share < 0.95
    chain = ChainAlignment(points, styles, strength, True)
    for _ in range(2):  # a second photo: nothing is left of the first
        for index, point in enumerate(points):
            rest = random_statistics(10, point.channels)
            matrices, offsets = chain(index, [*contents[index], rest])
            plain, plain_offsets = alignment_maps(point, contents[index], styles[index], strength, keep_rest=True)
            np.testing.assert_array_equal(matrices, plain)
            np.testing.assert_array_equal(offsets[1:], plain_offsets[1:])  # the second label's style is but a cast
            mean = contents[index][0].mean
            way, plain_way = (matrices[0] @ mean + o[0] - mean for o in (offsets, plain_offsets))
            # float32 numbers of a few
            np.testing.assert_allclose(way, (share if index else 1) * plain_way, atol=1e-5)


def test_colours_without_a_limit_hold_nothing_back() -> None:
    points = [Alignment("colours", 3, 1, "knothe-rosenblatt", relative_ridge=0.01), ALIGNMENTS[0]]
    contents = [[random_statistics(0, 3)], [random_statistics(1, 8)]]
    styles = [[random_statistics(2, 3)], [random_statistics(3, 8)]]
    chain = ChainAlignment(points, styles, 0.7)
    for index, point in enumerate(points):
        expected = alignment_maps(point, contents[index], styles[index], 0.7, keep_rest=False)
        for found, wanted in zip(chain(index, contents[index]), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@given(st.integers(0, 2**31), st.floats(0, 1), st.booleans())
def test_a_chain_equals_its_twin(seed: int, strength: float, keep_rest: bool) -> None:
    points = [
        Alignment("colours", 3, 1, "knothe-rosenblatt", relative_ridge=0.03, max_gain=1.2, least_shift=0.1),
        Alignment("deep", 8, 8, "monge-kantorovich", content_ridge=0.01, relative_ridge=0.01, strength=0.5),
        Alignment("bounded", 8, 8, "monge-kantorovich", relative_ridge=0.01, max_gain=1.5, strength=0.8),
        Alignment("shallow", 4, 4, "whitening-coloring", content_ridge=0.01, style_ridge=0.02),
    ]
    contents, styles = (
        [[random_statistics(seed + 10 * k + 2 * i + j, p.channels) for j in range(2)] for i, p in enumerate(points)]
        for k in range(2)
    )
    found = ChainAlignment(points, styles, strength, keep_rest)
    moments = [[(s.mean, s.covariance) for s in point] for point in styles]
    wanted = twin.ChainAlignment([p.to_dict() for p in points], moments, strength, keep_rest=keep_rest)
    for index, point in enumerate(points):
        rest = [random_statistics(seed + 99, point.channels)] if keep_rest else []
        content = [*contents[index], *rest]
        expected = wanted(index, [(s.mean, s.covariance) for s in content])
        for a, b in zip(found(index, content), expected, strict=True):
            # float32 numbers, and matrix square roots by two algorithms
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("limits", [{"max_gain": 1.2}, {"max_gain": 1.2, "least_shift": 0.1}, {"style_ridge": 0.01}])
def test_with_masks_learned_colours_are_aligned_by_knothe_rosenblatt(limits: dict[str, float]) -> None:
    levels = Alignment("features", 4, 1, "monge-kantorovich", relative_ridge=0.1)
    style = [[random_statistics(seed, c) for seed in (1, 2)] for c in (3, 4)]
    chains = [
        ChainAlignment([changed(ALIGNMENTS[2], method=method, **limits), levels], style, 1.0, True)
        for method in ("learned", "knothe-rosenblatt")
    ]
    for index, c in enumerate((3, 4)):
        content = [random_statistics(seed, c) for seed in (3, 4, 5)]
        found, expected = (chain(index, content) for chain in chains)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
        assert np.abs(found[0][0] - np.eye(c)).max() > 0.1
    # Without masks the estimator maps the colours.
    matrices, offsets = alignment_maps(
        changed(ALIGNMENTS[2], method="learned"), [random_statistics(3, 3)], [style[0][0]], 1.0, keep_rest=False
    )
    np.testing.assert_array_equal(matrices, np.eye(3)[None])
    np.testing.assert_array_equal(offsets, 0)

"""L-BFGS and Adam on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest
from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise import Adam, AdamSettings, Lbfgs, LbfgsSettings
from fastphoto_native.optimise.wolfe import CURVATURE, DECREASE, Point, line_search
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]


class Quadratic:
    """1/2 (x - c) . A (x - c), with eigenvalues from 1 to `condition`."""

    def __init__(self, condition: float = 1e3, size: int = 30) -> None:
        rng = np.random.default_rng(0)
        axes = np.linalg.qr(rng.normal(size=(size, size)))[0]
        self.A = (axes * np.geomspace(1, condition, size)) @ axes.T
        self.centre = rng.normal(size=size)
        self.evaluations = 0

    def __call__(self, x: Float32Array) -> tuple[float, Float32Array]:
        self.evaluations += 1
        distance = x.astype(np.float64) - self.centre
        return float(distance @ self.A @ distance) / 2, (self.A @ distance).astype(np.float32)


def rosenbrock(x: Float32Array) -> tuple[float, Float32Array]:
    a, b = x[:-1].astype(np.float64), x[1:].astype(np.float64)
    gradient = np.zeros(len(x))
    gradient[:-1] = -400 * a * (b - a * a) - 2 * (1 - a)
    gradient[1:] += 200 * (b - a * a)
    return float((100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()), gradient.astype(np.float32)


def test_line_search_solves_an_ill_conditioned_quadratic() -> None:
    function = Quadratic()
    optimiser = Lbfgs(LbfgsSettings(history=30, line_search=True, scale=1.0))
    x = np.zeros(30, np.float32)
    for _ in range(60):
        x = optimiser.iterate(x, function)
    assert function(x)[0] < 1e-6 * function(np.zeros(30, np.float32))[0]
    np.testing.assert_allclose(x, function.centre, atol=0.02)  # the flattest axis has a thousandth of the curvature
    assert function.evaluations < 150


def test_line_search_solves_rosenbrocks_valley() -> None:
    optimiser = Lbfgs(LbfgsSettings(history=10, line_search=True, scale=1.0))
    x = np.full(6, -1.2, np.float32)
    for _ in range(120):
        x = optimiser.iterate(x, rosenbrock)
    np.testing.assert_allclose(x, 1, atol=1e-2)


def test_without_a_line_search_the_first_step_has_length_one() -> None:
    function = Quadratic(condition=10)
    optimiser = Lbfgs(LbfgsSettings(history=5))
    start = np.zeros(30, np.float32)
    gradient = function(start)[1]
    x = optimiser.iterate(start, function)
    np.testing.assert_allclose(x, -gradient / np.abs(gradient).sum(), rtol=1e-5)
    for _ in range(60):
        x = optimiser.iterate(x, function)
    np.testing.assert_allclose(x, function.centre, atol=1e-3)


def test_a_perfect_preconditioner_needs_two_steps() -> None:
    function = Quadratic(condition=1e6)
    inverse = np.linalg.inv(function.A)
    optimiser = Lbfgs(LbfgsSettings(history=5, line_search=True, scale=1.0), lambda g: (inverse @ g).astype(np.float32))
    x = np.zeros(30, np.float32)
    before = function(x)[0]
    for _ in range(4):
        x = optimiser.iterate(x, function)
    assert function(x)[0] < 1e-6 * before


@pytest.mark.parametrize("settings", [LbfgsSettings(history=3), LbfgsSettings(history=3, line_search=True, scale=1.0)])
def test_a_restored_state_goes_on_alike(settings: LbfgsSettings) -> None:
    first, second = Lbfgs(settings), Lbfgs(settings)
    x = np.zeros(30, np.float32)
    for _ in range(5):
        x = first.iterate(x, Quadratic())
    second.restore(first.state())
    y = x.copy()
    for _ in range(5):
        x, y = first.iterate(x, Quadratic()), second.iterate(y, Quadratic())
        np.testing.assert_array_equal(x, y)


def test_wolfes_conditions_hold() -> None:
    rng = np.random.default_rng(0)
    for first in (1e-4, 1e-2, 1.0, 100.0):
        x = rng.normal(size=6).astype(np.float32)
        start = Point(x, *rosenbrock(x))
        direction = -start.gradient
        slope = float(np.vdot(start.gradient, direction))
        end = line_search(start, direction, slope, first / float(np.abs(direction).max()), rosenbrock)
        assert end is not None
        length = float(np.vdot(end.x - x, direction) / np.vdot(direction, direction))
        assert end.value <= start.value + 0.99 * DECREASE * length * slope
        assert abs(np.vdot(end.gradient, direction)) <= 1.01 * CURVATURE * abs(slope)


def test_no_lower_point_is_reported() -> None:
    x = np.zeros(3, np.float32)
    start = Point(x, 1.0, np.ones(3, np.float32))
    assert line_search(start, -start.gradient, -3.0, 1.0, lambda y: (2.0, np.ones_like(y))) is None


def test_values_that_are_no_numbers_are_avoided() -> None:
    def steep(x: Float32Array) -> tuple[float, Float32Array]:
        value = float(x[0])
        return (float("nan") if value > 0.5 else (value - 0.4) ** 2), np.array([2 * (value - 0.4)], np.float32)

    x = np.zeros(1, np.float32)
    start = Point(x, *steep(x))
    end = line_search(start, np.ones(1, np.float32), -0.8, 4.0, steep)
    assert end is not None
    assert end.value < 0.16


def test_adams_first_step_is_the_rate() -> None:
    optimiser = Adam(AdamSettings(rate=0.1, scale=1.0))
    x = optimiser.iterate(np.zeros(30, np.float32), Quadratic())
    np.testing.assert_allclose(np.abs(x), 0.1, rtol=1e-4)
    for _ in range(2000):
        x = optimiser.iterate(x, Quadratic(condition=10))
    np.testing.assert_allclose(x, Quadratic(condition=10).centre, atol=0.05)


def test_adams_state() -> None:
    first, second = Adam(AdamSettings(scale=1.0)), Adam(AdamSettings(scale=1.0))
    second.restore(first.state())
    x = first.iterate(np.zeros(30, np.float32), Quadratic())
    second.restore(first.state())
    np.testing.assert_array_equal(first.iterate(x, Quadratic()), second.iterate(x, Quadratic()))


def test_misuse() -> None:
    with pytest.raises(ArgumentError, match=r"history must be 1 or more, step and scale positive, got 0, 1.0, 255.0"):
        LbfgsSettings(history=0)

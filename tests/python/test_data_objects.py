"""Looks and statistics are data: copied, sent to another process, compared; and arrays of all kinds go in."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from fastphoto_native.arrays.images import as_photo
from fastphoto_native.runtime.device import MOST_THREADS, usable_cpus
from tiny_model import make_tiny_bundle


@pytest.fixture(scope="module")
def stylizer(tmp_path_factory: pytest.TempPathFactory) -> fp.Stylizer:
    return fp.Stylizer(make_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny"), "cpu")


def random_photo(seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((40, 56, 3), np.float32)


def test_looks_are_copied_compared_and_hashed(stylizer: fp.Stylizer) -> None:
    look, other = stylizer.analyze(random_photo()), stylizer.analyze(random_photo(1))
    for again in (pickle.loads(pickle.dumps(look)), copy.copy(look), copy.deepcopy(look)):
        assert again == look
        assert hash(again) == hash(look)
        assert again.to_bytes() == look.to_bytes()
    assert look != other
    assert look != "a look"
    assert len({look, copy.deepcopy(look), other}) == 2


def test_looks_go_to_other_processes(stylizer: fp.Stylizer) -> None:
    look = stylizer.analyze(random_photo())
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer).fingerprint)"
    done = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(look), capture_output=True, check=True)
    assert done.stdout.decode().strip() == look.fingerprint


def test_statistics_are_data() -> None:
    features = np.random.default_rng(0).random((3, 50), np.float32)
    statistics, other = fp.mean_and_covariance(features), fp.mean_and_covariance(features[:, :20])
    again = pickle.loads(pickle.dumps(statistics))
    assert again == statistics
    assert hash(again) == hash(statistics)
    assert statistics != other
    assert copy.deepcopy(statistics) == statistics


# --------------------------------------------------------------------------------------------------------------- arrays


def test_arrays_of_another_byte_order() -> None:
    photo = random_photo()
    np.testing.assert_array_equal(as_photo(photo.astype(">f4"), "content"), photo)
    np.testing.assert_array_equal(as_photo(photo.astype(">f8"), "content"), photo)
    whole = (photo * 65535).astype(np.uint16)
    np.testing.assert_array_equal(as_photo(whole.astype(">u2"), "content"), whole)


def test_rounding_beyond_the_range_counts_as_its_end(stylizer: fp.Stylizer) -> None:
    photo = random_photo()
    look = stylizer.analyze(photo)
    photo[0, 0] = (np.float32(1.0000002), np.float32(-1e-7), 1)
    inside = np.clip(photo, 0, 1)
    np.testing.assert_array_equal(stylizer.apply(photo, look), stylizer.apply(inside, look))
    photo[0, 0, 0] = 1.001
    with pytest.raises(fp.ArgumentError, match=r"must lie in 0\.\.1 if it is floating-point, got values .* to 1\.001"):
        stylizer.apply(photo, look)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s, _: s.analyze(b"x" * 10_000), "style must be an array, got 10000 bytes"),
        (lambda s, _: s.analyze("a.png"), r"got the path 'a.png': read it with read_photo\(path\)\.pixels"),
        (lambda s, p: s.apply(p, "a.look"), r"look must be a Look, got str: read a file with Look\.load\(path\)"),
        (lambda s, p: s.apply(p, s.analyze(p), strength="0.5"), "strength must be a number, got '0.5'"),
    ],
)
def test_mistakes_get_a_hint(stylizer: fp.Stylizer, act: Any, message: str) -> None:
    with pytest.raises(fp.ArgumentError, match=message) as caught:
        act(stylizer, random_photo())
    assert len(str(caught.value)) < 200


def test_a_model_that_is_none() -> None:
    nothing: Any = None
    with pytest.raises(fp.ArgumentError, match="model must be a name or a folder, got NoneType"):
        fp.Stylizer(nothing)


# -------------------------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize("threads", [-1, MOST_THREADS + 1, 3_000_000_000, 2.0, "2", None])
def test_threads_that_are_none(tmp_path: Path, threads: Any) -> None:
    with pytest.raises(fp.ArgumentError, match=r"^threads must be"):
        fp.Stylizer(make_tiny_bundle(tmp_path / "tiny"), "cpu", threads)


def test_many_threads_are_no_more_than_the_cpus(tmp_path: Path) -> None:
    """A thousand threads once took minutes to start."""
    photo = random_photo()
    few, many = (fp.Stylizer(make_tiny_bundle(tmp_path / str(n)), "cpu", n) for n in (1, MOST_THREADS))
    result = many.apply(photo, many.analyze(photo), smoothing="guided")
    np.testing.assert_allclose(result, few.apply(photo, few.analyze(photo), smoothing="guided"), atol=2e-3)
    assert many._runtime._sessions._threads == usable_cpus()

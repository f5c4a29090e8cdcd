"""The C API through ctypes, on the shared library, beside the Python package's own results.

The library is build/package-shared/cpp/libfastphoto_c.so, which scripts/test.sh builds, or FASTPHOTO_C_LIBRARY.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fastphoto_native as fp
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path(os.environ.get("FASTPHOTO_C_LIBRARY", ROOT / "build/package-shared/cpp/libfastphoto_c.so"))

pytestmark = pytest.mark.skipif(not LIBRARY.is_file(), reason=f"there is no shared library {LIBRARY}")

NETWORK = "photowct-lite"
SUMS = 1e-4  # the same engine and library; the number of the runtime's threads may order its sums otherwise
OK, INVALID_ARGUMENT, CANCELLED, MODEL, FILE, DEVICE = range(6)
SAMPLES = {np.dtype(np.float32): 0, np.dtype(np.uint8): 1, np.dtype(np.uint16): 2}

Progress = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_double)
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
PoolSize = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
PoolRun = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, Task, ctypes.c_void_p)


class Struct(ctypes.Structure):
    """A struct that starts with its size, filled by its own function."""

    @classmethod
    def made(cls, library: ctypes.CDLL) -> Any:
        struct = cls()
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__)
        assert library[f"fastphoto{name}_init"](ctypes.byref(struct), ctypes.c_size_t(ctypes.sizeof(cls))) == OK
        assert struct.struct_size == ctypes.sizeof(cls)  # the layouts agree
        return struct


class Pixels(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("height", ctypes.c_ssize_t),
        ("width", ctypes.c_ssize_t),
        ("type", ctypes.c_int),
        ("order", ctypes.c_int),
        ("row_stride", ctypes.c_ssize_t),
        ("pixel_stride", ctypes.c_ssize_t),
        ("sample_stride", ctypes.c_ssize_t),
    ]


class Image(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("height", ctypes.c_ssize_t),
        ("width", ctypes.c_ssize_t),
        ("channels", ctypes.c_ssize_t),
        ("row_stride", ctypes.c_ssize_t),
        ("column_stride", ctypes.c_ssize_t),
        ("channel_stride", ctypes.c_ssize_t),
    ]


class ThreadPool(Struct):
    _fields_ = [("struct_size", ctypes.c_size_t), ("user", ctypes.c_void_p), ("size", PoolSize), ("run", PoolRun)]


class SmoothingOptions(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("lam", ctypes.c_double),
        ("eps", ctypes.c_double),
        ("rtol", ctypes.c_double),
        ("radius", ctypes.c_int),
        ("max_iterations", ctypes.c_int),
        ("border_padding", ctypes.c_int),
        ("normalized", ctypes.c_int),
        ("page_pool", ctypes.c_int),
        ("threads", ctypes.c_int),
        ("pool", ctypes.POINTER(ThreadPool)),
    ]


class RuntimeOptions(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("library", ctypes.c_char_p),
        ("device", ctypes.c_int),
        ("threads", ctypes.c_int),
        ("precision", ctypes.c_int),
    ]


class ApplyOptions(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("smoothing", ctypes.c_int),
        ("strength", ctypes.c_double),
        ("insist", ctypes.c_int),
        ("max_side", ctypes.c_ssize_t),
        ("threads", ctypes.c_int),
        ("pool", ctypes.POINTER(ThreadPool)),
        ("progress", Progress),
        ("progress_user", ctypes.c_void_p),
        ("quality", ctypes.c_int),
        ("tone", ctypes.c_double),
        ("colour", ctypes.c_double),
        ("white_balance", ctypes.c_double),
        ("preserve_luminance", ctypes.c_int),
        ("preserve_skin", ctypes.c_int),
        ("preserve_neutrals", ctypes.c_int),
    ]


class Mask(Struct):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("height", ctypes.c_ssize_t),
        ("width", ctypes.c_ssize_t),
        ("labels", ctypes.c_void_p),
        ("label_type", ctypes.c_int),
        ("weights", ctypes.c_void_p),
        ("weight_count", ctypes.c_ssize_t),
        ("row_stride", ctypes.c_ssize_t),
        ("column_stride", ctypes.c_ssize_t),
        ("weight_stride", ctypes.c_ssize_t),
        ("alpha", ctypes.POINTER(Image)),
    ]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(LIBRARY))
    for name in ("last_error", "version", "look_fingerprint", "device_used", "stylizer_model"):
        getattr(library, f"fastphoto_{name}").restype = ctypes.c_char_p
    for name in ("look_free", "stylizer_free", "runtime_free", "look_fingerprint", "stylizer_model"):
        getattr(library, f"fastphoto_{name}").argtypes = [ctypes.c_void_p]
    return library


def image(library: ctypes.CDLL, array: NDArray[np.float32]) -> Any:
    view = Image.made(library)
    view.data = array.ctypes.data
    view.height, view.width, view.channels = array.shape
    view.row_stride, view.column_stride, view.channel_stride = array.strides
    return view


def pixels(library: ctypes.CDLL, array: NDArray[Any]) -> Any:
    view = Pixels.made(library)
    view.data = array.ctypes.data
    view.height, view.width, _ = array.shape
    view.type = SAMPLES[array.dtype]
    view.row_stride, view.pixel_stride, view.sample_stride = array.strides
    return view


def smooth(library: ctypes.CDLL, stylized: NDArray[np.float32], content: NDArray[np.float32], options: Any) -> Any:
    result = np.empty(stylized.shape, np.float32)
    status = library.fastphoto_closed_form_smooth(
        ctypes.byref(image(library, stylized)),
        ctypes.byref(image(library, content)),
        None if options is None else ctypes.byref(options),
        ctypes.c_void_p(result.ctypes.data),
        ctypes.c_size_t(result.size),
        None,
    )
    return status, result


def test_version(library: ctypes.CDLL) -> None:
    assert library.fastphoto_version().decode() == fp.__version__


def test_smoothing_equals_that_of_python(
    library: ctypes.CDLL, stylized_photo: NDArray[np.float32], content_photo: NDArray[np.float32], layout: Any
) -> None:
    expected = fp.closed_form_smooth(stylized_photo, content_photo)
    status, result = smooth(library, layout(stylized_photo), layout(content_photo), None)
    assert status == OK, library.fastphoto_last_error()
    np.testing.assert_array_equal(result, expected)


def test_a_pool_of_the_host_runs_the_work(
    library: ctypes.CDLL, stylized_photo: NDArray[np.float32], content_photo: NDArray[np.float32]
) -> None:
    tasks: list[int] = []

    def run(_user: int, count: int, task: Any, context: int) -> None:
        for index in reversed(range(count)):
            tasks.append(index)
            task(context, index)

    pool = ThreadPool.made(library)
    pool.size, pool.run = PoolSize(lambda _user: 3), PoolRun(run)
    options = SmoothingOptions.made(library)
    options.pool = ctypes.pointer(pool)
    status, result = smooth(library, stylized_photo, content_photo, options)
    assert status == OK, library.fastphoto_last_error()
    assert 2 in tasks
    np.testing.assert_array_equal(result, fp.closed_form_smooth(stylized_photo, content_photo))


def test_wrong_sizes_of_structs(library: ctypes.CDLL, content_photo: NDArray[np.float32]) -> None:
    options = SmoothingOptions.made(library)
    for size in (0, 8, ctypes.sizeof(options) - 1, ctypes.sizeof(options) + 1, 2**63):
        options.struct_size = size
        status, _ = smooth(library, content_photo, content_photo, options)
        assert status == INVALID_ARGUMENT
        assert f"found {size} as struct_size of fastphoto_smoothing_options".encode() in library.fastphoto_last_error()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_samples(library: ctypes.CDLL, content_photo: NDArray[np.float32], bad: float) -> None:
    broken = content_photo.copy()
    broken[3, 4, 1] = bad
    status, _ = smooth(library, broken, content_photo, None)
    assert status == INVALID_ARGUMENT
    assert b"stylized" in library.fastphoto_last_error()


@pytest.fixture
def stylizer(library: ctypes.CDLL) -> Iterator[ctypes.c_void_p]:
    spec = find_spec("onnxruntime")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("there is no ONNX Runtime")
    options = RuntimeOptions.made(library)
    options.library = f"{spec.submodule_search_locations[0]}/capi".encode()
    options.device = 1
    runtime, stylizer = ctypes.c_void_p(), ctypes.c_void_p()
    if library.fastphoto_runtime_open(ctypes.byref(options), ctypes.byref(runtime)) != OK:
        message = library.fastphoto_last_error().decode()
        assert "without component onnxruntime" in message
        pytest.skip(message)
    try:
        model = str(ROOT / "models" / NETWORK).encode()
        assert library.fastphoto_stylizer_open(model, runtime, ctypes.byref(stylizer)) == OK
        yield stylizer
    finally:
        library.fastphoto_stylizer_free(stylizer)
        library.fastphoto_runtime_free(runtime)


def analyzed(library: ctypes.CDLL, stylizer: ctypes.c_void_p, style: NDArray[Any], mask: Any = None) -> ctypes.c_void_p:
    look, view = ctypes.c_void_p(), pixels(library, style)
    given = None if mask is None else ctypes.byref(mask)
    status = library.fastphoto_stylizer_analyze(stylizer, ctypes.byref(view), given, None, ctypes.byref(look))
    assert status == OK, library.fastphoto_last_error()
    return look


def applied(
    library: ctypes.CDLL, stylizer: ctypes.c_void_p, content: NDArray[Any], look: Any, mask: Any, options: Any
) -> tuple[int, NDArray[np.float32]]:
    result = np.empty(content.shape, np.float32)
    from_, to = pixels(library, content), pixels(library, result)
    given = None if mask is None else ctypes.byref(mask)
    status = library.fastphoto_stylizer_apply(
        stylizer, ctypes.byref(from_), look, ctypes.byref(to), given, ctypes.byref(options), None
    )
    return status, result


def test_a_photo_equals_that_of_python(library: ctypes.CDLL, stylizer: ctypes.c_void_p) -> None:
    content, style = data.coffee()[::5, ::5].copy(), data.chelsea()[::4, ::4].copy()
    look = analyzed(library, stylizer, style)
    try:
        steps: list[float] = []
        options = ApplyOptions.made(library)

        def note(_user: object, _step: object, share: float) -> bool:
            steps.append(share)
            return True

        options.progress = Progress(note)
        status, result = applied(library, stylizer, content, look, None, options)
        assert status == OK, library.fastphoto_last_error()
        assert steps == sorted(steps)
        assert steps[-1] <= 1.0
        expected = fp.stylize(content, style, model=NETWORK, device="cpu")
        np.testing.assert_allclose(result, expected, atol=SUMS)
        options.progress = Progress(lambda _user, _step, _share: 0)
        assert applied(library, stylizer, content, look, None, options)[0] == CANCELLED
    finally:
        library.fastphoto_look_free(look)


def test_alpha_and_adjustment_equal_those_of_python(library: ctypes.CDLL, stylizer: ctypes.c_void_p) -> None:
    content, style = data.coffee()[::5, ::5].copy(), data.chelsea()[::4, ::4].copy()
    theirs, ours = (np.ones(photo.shape[:2], np.float32) for photo in (style, content))
    theirs[:, : style.shape[1] // 2], ours[:30] = 0, 0.5
    masks = []
    for alpha in (theirs, ours):
        mask = Mask.made(library)
        mask.alpha = ctypes.pointer(image(library, alpha[..., None]))
        masks.append(mask)
    look = analyzed(library, stylizer, style, masks[0])
    try:
        options = ApplyOptions.made(library)
        options.tone, options.colour, options.white_balance = 0.5, 1.2, 0.25
        options.preserve_skin = options.preserve_neutrals = 1
        status, result = applied(library, stylizer, content, look, masks[1], options)
        assert status == OK, library.fastphoto_last_error()
        python = fp.Stylizer(NETWORK, "cpu")
        adjustment = fp.Adjustment(0.5, 1.2, 0.25, ("skin", "neutrals"))
        expected = python.apply(content, python.analyze(style, alpha=theirs), alpha=ours, adjustment=adjustment)
        np.testing.assert_allclose(result, expected, atol=SUMS)
        assert np.abs(expected - python.apply(content, python.analyze(style))).max() > 0.05
        options.colour = -1
        assert applied(library, stylizer, content, look, None, options)[0] == INVALID_ARGUMENT
        assert b"colour" in library.fastphoto_last_error()
    finally:
        library.fastphoto_look_free(look)

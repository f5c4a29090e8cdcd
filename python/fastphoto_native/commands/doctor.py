"""`fastphoto doctor`: what is installed, whether it fits together, and what the GPU really does."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any, Literal

import click
import msgspec

from fastphoto_native import __version__
from fastphoto_native._core import simd_level
from fastphoto_native.checks.gpu_check import DeviceCheck, check_device
from fastphoto_native.checks.verification import verify_bundle
from fastphoto_native.commands.run_options import threads_option
from fastphoto_native.commands.terminal import echo, echo_json, say
from fastphoto_native.errors import FastphotoError
from fastphoto_native.runtime.bundle import find_bundle, model_folders
from fastphoto_native.runtime.device import (
    MEND_CLASH,
    installed_runtimes,
    load_runtime,
    why_no_cuda,
)
from fastphoto_native.runtime.names import PRECISIONS, STATISTICS_MODEL, Precision

PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "pyvips", "msgspec", "torch", "onnx")


@click.command()
@click.option("--gpu", is_flag=True, help="Run the model's whole chain on the GPU and prove that it stays there.")
@click.option("--large", is_flag=True, help="With --gpu: a photo of 4096 x 4096 as well.")
@click.option("--device", type=click.Choice(("cuda", "cpu")), default="cuda", show_default=True, help="For --gpu.")
@click.option("--model", default=STATISTICS_MODEL, show_default=True, help="For --gpu: a name or a bundle's folder.")
@click.option("--precision", type=click.Choice(PRECISIONS), default="auto", show_default=True, help="For --gpu.")
@click.option("--side", type=click.IntRange(32), default=1024, show_default=True, help="For --gpu: the photo's size.")
@threads_option
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable report.")
def doctor(
    gpu: bool,
    large: bool,
    device: Literal["cuda", "cpu"],
    model: str,
    precision: Precision,
    side: int,
    threads: int,
    as_json: bool,
) -> None:
    """Say what is installed and whether it fits together; exit status 1 if something is wrong.

    With --gpu: every node that handles data must run on the GPU, features must stay there, 99.9 % of the result must
    be within 1/255 of the CPU's, and photos of one size must not take more and more memory.
    """
    report, complaints = examine()
    check = None
    if gpu:
        try:
            sides = [side, 4096] if large else [side]
            check = check_device(find_bundle(model), device, sides, threads=threads, precision=precision)
            complaints += [check.complaint] if check.complaint else []
        except (FastphotoError, MemoryError) as error:
            complaints.append(str(error))
    report |= {"device_check": msgspec.to_builtins(check), "complaints": complaints}
    if as_json:
        echo_json(report)
    else:
        _print(report, check)
    for complaint in complaints:
        say(f"fastphoto: error: {complaint}")
    sys.exit(bool(complaints))


def examine() -> tuple[dict[str, Any], list[str]]:
    """What can be told without a photo, and what is wrong with it."""
    complaints = []
    versions = {"fastphoto-native": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    runtimes = installed_runtimes()
    if len(runtimes) > 1:
        complaints.append(f"{' and '.join(runtimes)} overwrite each other; mend it with: {MEND_CLASH}")
    providers: list[str] = []
    no_cuda: str | None = None
    try:
        runtime = load_runtime()
        providers, no_cuda = runtime.get_available_providers(), why_no_cuda(runtime)
    except FastphotoError as error:
        complaints.append(str(error))
    models: dict[str, str] = {}
    for name, folder in model_folders().items():
        try:
            models[name] = f"whole, version {verify_bundle(find_bundle(folder)).version}"
        except FastphotoError as error:
            models[name] = str(error)
            complaints.append(str(error))
    report = {
        "versions": versions,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "simd_level": simd_level(),
        "runtimes": runtimes,
        "providers_listed": providers,
        "cuda": f"cannot be used: {no_cuda}" if no_cuda else "has a driver; --gpu proves that it works",
        "models": models,
    }
    return report, complaints


def _print(report: dict[str, Any], check: DeviceCheck | None) -> None:
    echo(", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    echo(f"machine: {report['machine']}; the core's kernels run with {report['simd_level']} instructions")
    echo(f"ONNX Runtime: {', '.join(report['runtimes'])}; lists {', '.join(report['providers_listed'])}")
    echo(f"CUDA {report['cuda']}")
    for name, state in report["models"].items():
        echo(f"model {name}: {state}")
    if check:
        _print_check(check)


def _print_check(check: DeviceCheck) -> None:
    for size in check.sizes:
        echo(
            f"{check.model} on {size.side} x {size.side}, {check.precision}: {size.nodes_on_device} of {size.nodes} "
            f"nodes on {check.provider}, {len(size.strays)} strays, features on {', '.join(size.features_at)}"
        )
        split = ", ".join(f"{file} {time:.1f}" for file, time in size.milliseconds.items())
        echo(f"  {size.total_milliseconds:.1f} ms a photo ({split})")
        taken, growth = (
            "unknown" if n is None else f"{n / 1e6:.1f} MB" for n in (size.memory_taken, size.memory_growth)
        )
        echo(
            f"  difference to the CPU, 1/255: 99.9 % {size.difference_999:.3f}, at most {size.difference_max:.3f}; "
            f"memory {taken}, growth {growth}"
        )

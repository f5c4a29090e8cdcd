"""What this package raises on its own account."""

from __future__ import annotations


class FastphotoError(Exception):
    """Base of every error of this package."""


class ArgumentError(FastphotoError, ValueError):
    """An argument is not what the function's documentation asks for; the message names it."""


class CancelledError(FastphotoError):
    """A progress callback returned False."""


class ModelError(FastphotoError):
    """A model bundle is missing, damaged or does not fit."""


class PhotoError(FastphotoError):
    """A photo, mask or look file cannot be read or written."""


class DeviceError(FastphotoError):
    """The runtime or the device asked for is not to be had."""

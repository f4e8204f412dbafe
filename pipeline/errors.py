"""Errors that a user can act on.

Library code raises these and never prints; the command line shows ``message`` and ``hint`` and exits with
``exit_code``. Anything that is not a :class:`KwsError` is a bug and keeps its traceback.
"""

from __future__ import annotations


class KwsError(Exception):
    """A failure with a cause the user can remove.

    Args:
        message: what went wrong, naming the file, key or device.
        hint: what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UsageError(KwsError):
    """Options that do not go together, or name something that does not exist."""

    exit_code = 2


class RecipeError(KwsError):
    """A recipe with an unknown key or a value out of range."""


class CorpusError(KwsError):
    """A data folder or audio file that cannot be used."""


class AudioError(KwsError):
    """Audio that cannot be listened to: a damaged recording, an impossible rate, no microphone."""


class ExperimentError(KwsError):
    """An experiment or a search that is not one: a bad file, results that do not compare, workers that keep dying."""


class QuantizationError(KwsError):
    """A weight matrix or model that the method cannot represent."""


class ModelFileError(KwsError):
    """A ``.tflite`` that is damaged or was not written by this project."""


class ToolchainError(KwsError):
    """A compiler, emulator or other program that is missing or failed."""


class FirmwareError(KwsError):
    """A firmware image that does not build or does not fit its board."""


class DeviceError(KwsError):
    """A board or emulator that cannot be reached, died, or broke the protocol."""


class ParityError(DeviceError):
    """A device that answered with other bits than the reference."""

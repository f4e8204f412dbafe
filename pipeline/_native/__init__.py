"""The C of firmware/lib built for this machine, so that Python runs the device's own code."""

from pipeline._native.compiler import FIRMWARE_LIB, NativeLibrary, compile_library, declarations

__all__ = ["FIRMWARE_LIB", "NativeLibrary", "compile_library", "declarations"]

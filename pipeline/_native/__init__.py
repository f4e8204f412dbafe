"""The C of firmware/lib built for this machine, so that Python runs the device's own code."""

from pipeline._native.compiler import NativeLibrary, compile_library, declarations

__all__ = ["NativeLibrary", "compile_library", "declarations"]

"""A user's TensorFlow Lite Micro is looked at before it is linked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.cores import CORES
from pipeline.errors import ToolchainError
from pipeline.export.tflm_library import LIBRARY_NAME, inspect_tflm

M4 = CORES["cortex-m4"]
M4_HARD = M4.flags
SOURCE = "float interpreter(float x) { return x * 2; }\n"


def make_root(
    folder: Path,
    flags: tuple[str, ...] = M4_HARD,
    source: str = SOURCE,
    compiler: str = "arm-none-eabi-gcc",
    *,
    namespaced: bool = False,
) -> Path:
    """A folder laid out as TFLM's, with one object file of ours in the library."""
    headers = folder / "include/tensorflow/lite/micro"
    (headers / "c").mkdir(parents=True)
    (headers / "micro_interpreter.h").touch()
    if namespaced:
        (headers / "c/common.h").touch()
    for name in ("signal", "third_party/flatbuffers/include", "third_party/gemmlowp", "third_party/ruy"):
        (folder / "include" / name).mkdir(parents=True)
    (folder / "lib").mkdir()
    (folder / "a_file_with_a_long_name.c").write_text(source)
    for command in (
        [compiler, *flags, "-c", "a_file_with_a_long_name.c"],
        ["ar", "rcs", f"lib/{LIBRARY_NAME}", "a_file_with_a_long_name.o"],
    ):
        subprocess.run(command, cwd=folder, check=True, timeout=60)
    return folder


def test_a_fitting_library_gives_its_flags(tmp_path: Path) -> None:
    found = inspect_tflm(make_root(tmp_path), M4)
    assert not found.namespaced
    assert f"-isystem {tmp_path / 'include'}" in found.flags
    assert "-DTF_LITE_STATIC_MEMORY" in found.flags
    assert "-DTF_LITE_STRIP_ERROR_STRINGS" in found.flags  # a release build lacks what its texts call
    assert found.flags[-2:] == (f"-L{tmp_path / 'lib'}", "-ltensorflow-microlite")


def test_the_namespaced_layout_needs_no_define(tmp_path: Path) -> None:
    found = inspect_tflm(make_root(tmp_path, namespaced=True), M4)
    assert found.namespaced
    assert "-DTF_LITE_STATIC_MEMORY" not in found.flags


@pytest.mark.parametrize(
    ("cpu", "flags", "message"),
    [
        ("cortex-m4", ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"), "soft float ABI"),
        ("cortex-m3", ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"), ""),
        ("cortex-m3", M4_HARD, "v7E-M, cortex-m3 is v7-M"),
        ("cortex-m4", ("-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard"), "v8-M.mainline, cortex-m4 is v7E-M"),
        ("cortex-m33", M4_HARD, ""),
        ("cortex-m55", M4_HARD, ""),
        ("cortex-m0", ("-mcpu=cortex-m0", "-mthumb"), ""),
        ("host", M4_HARD, "built for EM_ARM"),
    ],
)
def test_architecture_and_float_abi(tmp_path: Path, cpu: str, flags: tuple[str, ...], message: str) -> None:
    root = make_root(tmp_path, flags)
    if not message:
        assert inspect_tflm(root, CORES[cpu]).root == root
        return
    with pytest.raises(ToolchainError, match=message) as error:
        inspect_tflm(root, CORES[cpu])
    assert "TARGET_ARCH" in error.value.hint


def test_the_hosts_own_library_is_not_for_a_board(tmp_path: Path) -> None:
    root = make_root(tmp_path, (), compiler="cc")
    assert inspect_tflm(root, CORES["host"]).library.is_file()
    with pytest.raises(ToolchainError, match="EM_"):
        inspect_tflm(root, M4)


def test_a_library_with_dynamic_memory_is_refused(tmp_path: Path) -> None:
    root = make_root(tmp_path, source=SOURCE + "void TfLiteTensorRealloc(void) {}\n")
    with pytest.raises(ToolchainError, match="TF_LITE_STATIC_MEMORY"):
        inspect_tflm(root, M4)


def test_missing_and_damaged_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no TensorFlow Lite Micro headers") as error:
        inspect_tflm(tmp_path / "nowhere", M4)
    assert "--tflm-root" in error.value.hint
    root = make_root(tmp_path / "root")
    library = root / "lib" / LIBRARY_NAME
    whole = library.read_bytes()
    for content, message in (
        (whole[:-40], "damaged"),
        (b"hello", "not a static library"),
        (b"!<arch>\n", "no object"),
        (whole.replace(b"\x7fELF", b"\x7fELV"), "not an object file"),
    ):
        library.write_bytes(content)
        with pytest.raises(ToolchainError, match=message):
            inspect_tflm(root, M4)
    library.unlink()
    with pytest.raises(ToolchainError, match=LIBRARY_NAME) as error:
        inspect_tflm(root, M4)
    assert "TARGET_ARCH=cortex-m4+fp" in error.value.hint
    (root / "include/third_party/ruy").rmdir()
    library.write_bytes(whole)
    with pytest.raises(ToolchainError, match="ruy"):
        inspect_tflm(root, M4)

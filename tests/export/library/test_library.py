"""The library for other people's firmware hears what our own listener hears, wherever it is compiled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from platformio.package.manifest.parser import ManifestParserFactory
from platformio.package.manifest.schema import ManifestSchema

from pipeline import __version__
from pipeline._native import compile_library, declarations
from pipeline.boards import BOARDS
from pipeline.errors import UsageError
from pipeline.export.library import FORMATS, VARIANTS, write_library
from pipeline.layers import QuantizedModel, dense_layout
from pipeline.listening.host import HostListener
from tests.device.test_audio import MODEL, audio
from tests.export.library.builds import STRICT, build_for, emulate, listening_model, parsed, run, sources, told

PCM = audio(4)[:-77]
HASH = "0123456789abcdef" * 4
ARDUINO = Path(__file__).parents[2] / "flashing" / "arduino" / "core"
EMULATED = [board for board in BOARDS.values() if board.memory and board.memory.ram[1] >= 1 << 18]
"""With room for the C library."""


def export(model: QuantizedModel, form: str, folder: Path, variants: tuple[str, ...] = VARIANTS) -> Path:
    write_library(model, form, folder, variants=variants, source_hash=HASH)
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(listening_model(4), "cmake", tmp_path_factory.mktemp("exported") / "library")


@pytest.fixture(scope="module")
def wanted() -> list[tuple[int, str, np.float32]]:
    events = told(HostListener(listening_model(4)).push(PCM)[1])
    assert len(events) >= 5
    return events


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "a.wav"
    soundfile.write(path, PCM, 16_000)
    return path


@pytest.fixture(scope="module")
def program(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example under sanitizers, without a warning of any kind."""
    built = tmp_path_factory.mktemp("program") / "events"
    flags = ["-ffp-contract=off", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    example = library / "examples/events/main.c"
    run("cc", *STRICT, *flags, f"-I{library / 'src'}", *sources(library, (".c",)), example, "-o", built)
    return built


@pytest.mark.parametrize("chunk", [1, 7, 160, 16_000])
def test_events_are_the_listeners_for_any_chunk(program: Path, recording: Path, wanted: list, chunk: int) -> None:
    assert parsed(run(program, recording, str(chunk))) == wanted


def test_the_example_takes_bare_samples_and_wavs_with_more_in_them(program: Path, recording: Path, wanted: list):
    assert parsed(run(program, stdin=PCM.astype("<i2").tobytes())) == wanted
    assert parsed(run(program, "-", "999", stdin=PCM.astype("<i2").tobytes() + b"\1")) == wanted
    data = recording.read_bytes()
    more = data[:12] + b"LIST\x03\0\0\0abc\0" + data[12:] + b"LIST\x04\0\0\0" + b"\x7f" * 64_000
    assert parsed(run(program, stdin=more)) == wanted
    assert run(program, stdin=b"") == run(program, stdin=b"abc") == b""


def test_the_example_refuses_what_it_cannot_hear(program: Path, tmp_path: Path) -> None:
    def refused(*arguments: str | Path, stdin: bytes = b"") -> str:
        done = subprocess.run([program, *arguments], input=stdin, capture_output=True, timeout=60, check=False)
        assert done.returncode in (1, 2)
        return done.stderr.decode()

    soundfile.write(tmp_path / "fast.wav", PCM, 48_000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([PCM, PCM], 1), 16_000)
    soundfile.write(tmp_path / "float.wav", PCM / 32768, 16_000, "FLOAT")
    for name in ("fast", "stereo", "float"):
        assert "16-bit mono samples at 16000 Hz" in refused(tmp_path / f"{name}.wav")
    assert "16-bit mono" in refused(stdin=b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff")
    assert "usage" in refused(tmp_path / "absent.wav")
    assert "usage" in refused("-", "0")


@pytest.mark.parametrize("board", EMULATED, ids=lambda board: board.target)
def test_events_on_emulated_cores(library: Path, recording: Path, wanted: list, board, tmp_path: Path) -> None:
    elf = build_for(board, library, tmp_path)
    for chunk in ("7", "16000"):
        assert parsed(emulate(board, elf, recording, chunk)) == wanted
    defined = run("arm-none-eabi-nm", "--defined-only", elf).decode()
    assert "dynq_dense_w4" in defined
    assert "dynq_dense_w8" not in defined
    assert "dynq_dense_w2" not in defined


@pytest.mark.parametrize("target", ["host", "qemu_m3", "qemu", "qemu_m55"])
def test_no_name_of_it_collides_with_a_users(library: Path, target: str, tmp_path: Path) -> None:
    core = BOARDS[target].core
    linked = ("-std=c11", "-O2", "-ffp-contract=off", f"-I{library / 'src'}", "-r", "-nostdlib")
    run(f"{core.toolchain}gcc", *core.flags, *linked, *sources(library), "-o", tmp_path / "all.o")
    listing = run(f"{core.toolchain}nm", "--defined-only", "--extern-only", "--format=just-symbols", tmp_path / "all.o")
    names = listing.decode().split()
    assert {"listener_push", "listener_softmax_of_pairs", "dynq_dense_w4", "kws_model"} <= set(names)
    ours = ("dynq_", "frontend_", "listener_", "kws_", "wake_word_")
    assert [name for name in names if not name.startswith(ours)] == []


@pytest.mark.parametrize("bits", [8, 2])
def test_other_widths(recording: Path, bits: int, tmp_path: Path) -> None:
    model = listening_model(bits)
    folder = export(model, "cmake", tmp_path / "library", ("cortex_m4_dsp",))
    elf = build_for(BOARDS["qemu"], folder, tmp_path)
    events = told(HostListener(model).push(PCM)[1])
    assert events
    assert parsed(emulate(BOARDS["qemu"], elf, recording)) == events


def test_only_the_kernels_that_were_asked_for(tmp_path: Path) -> None:
    assert set(VARIANTS) == set(dense_layout.VARIANTS)
    folder = export(MODEL, "cmake", tmp_path / "library", ("mve", "scalar"))
    names = " ".join(path.name for path in folder.rglob("*"))
    assert "dynq_mve.c" in names
    assert "kws_model_scalar.c" in names
    assert "cortex_m4_dsp" not in names
    assert "reference" not in names
    assert {path.stem for path in (folder / "cmake").iterdir()} == {
        "cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m55",
    }  # fmt: skip
    model = folder / "src/wake_word/kws_model_config.h"
    for core, fits in (("cortex-m3", True), ("cortex-m55", True), ("cortex-m4", False)):
        flags = next(board.core.flags for board in BOARDS.values() if board.core.cpu == core)
        command = ["arm-none-eabi-gcc", *flags, "-fsyntax-only", "-xc", model]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode == 0) == fits
        assert fits or "export again, with --core" in done.stderr


CALLER = """
#include "wake_word.h"
#include <cstdio>
int main() {
  const short silence[320] = {};
  const int16_t *pcm = silence;
  size_t count = 320;
  wake_word_event_t event{};
  wake_word_init();
  const wake_word_result_t result = wake_word_push(&pcm, &count, &event);
  std::printf("%d %u %s", result, static_cast<unsigned>(count), wake_word_name(0));
}
"""


def test_a_caller_in_cpp(library: Path, tmp_path: Path) -> None:
    (tmp_path / "main.cpp").write_text(CALLER)
    objects = []
    for source in sources(library, (".c",)):
        objects.append(tmp_path / f"{source.stem}.o")
        run("cc", *STRICT, f"-I{library / 'src'}", "-c", source, "-o", objects[-1])
    flags = ("-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{library / 'src'}")
    run("c++", *flags, tmp_path / "main.cpp", *objects, "-o", tmp_path / "main")
    assert run(tmp_path / "main") == b"0 0 word0"


class Library:
    """An exported library, called from Python."""

    def __init__(self, folder: Path) -> None:
        header = folder / "src" / "wake_word.h"
        native = compile_library(folder.parent.name, tuple(sources(folder, (".c",))), declarations(header),
                                 include=(folder / "src",))  # fmt: skip
        self.ffi, self.lib = native.ffi, native.lib

    def push(self, pcm: np.ndarray) -> tuple[int, list[tuple[int, str, np.float32]]]:
        """The last result, and the events before it."""
        data = self.ffi.from_buffer("int16_t[]", np.ascontiguousarray(pcm, np.int16))
        at, count = self.ffi.new("const int16_t **", data), self.ffi.new("size_t *", len(pcm))
        event, events = self.ffi.new("wake_word_event_t *"), []
        while (result := self.lib.wake_word_push(at, count, event)) == self.lib.WAKE_WORD_EVENT:
            name = self.ffi.string(event.name).decode()
            assert self.ffi.string(self.lib.wake_word_name(event.keyword)).decode() == name
            events.append((event.sample, name, np.float32(event.score)))
        return result, events


def test_calls(tmp_path: Path) -> None:
    library = Library(export(MODEL, "cmake", tmp_path / "library"))
    lib, ffi = library.lib, library.ffi
    assert library.push(PCM) == (lib.WAKE_WORD_ERROR, [])  # before init
    names = [ffi.string(lib.wake_word_name(keyword)).decode() for keyword in range(lib.wake_word_count())]
    assert names == list(MODEL.keywords) == ["größe", "7up", "über_größe"]
    assert lib.wake_word_name(3) == lib.wake_word_name(65_535) == ffi.NULL
    lib.wake_word_init()
    wanted = told(HostListener(MODEL).push(PCM)[1])
    assert len({name for _, name, _ in wanted}) >= 2
    assert library.push(PCM) == (lib.WAKE_WORD_MORE, wanted)
    lib.wake_word_reset()  # in the middle of a row: forgotten too
    later = [(sample + len(PCM), name, score) for sample, name, score in wanted]
    assert library.push(PCM) == (lib.WAKE_WORD_MORE, later)
    lib.wake_word_init()
    assert library.push(PCM) == (lib.WAKE_WORD_MORE, wanted)


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no CMake")
def test_cmake_builds_it_for_here_and_for_a_core(library: Path, recording: Path, wanted: list, tmp_path: Path) -> None:
    run("cmake", "-S", library, "-B", tmp_path / "here")
    run("cmake", "--build", tmp_path / "here")
    assert parsed(run(tmp_path / "here" / "events", recording)) == wanted
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={library / 'cmake' / 'cortex-m4.cmake'}"
    run("cmake", "-S", library, "-B", tmp_path / "m4", toolchain, f"-DCMAKE_C_FLAGS={' '.join(STRICT)}")
    run("cmake", "--build", tmp_path / "m4")
    defined = run("arm-none-eabi-nm", "--defined-only", tmp_path / "m4" / "events").decode()
    assert "dynq_dense_w4" in defined
    assert "dynq_dense_w8" not in defined
    attributes = run("arm-none-eabi-readelf", "-A", tmp_path / "m4" / "events").decode()
    assert "Tag_ABI_VFP_args: VFP registers" in attributes

    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(other C)\n"
        f"add_subdirectory({library} wake_word)\nadd_executable(other {library}/examples/events/main.c)\n"
        "target_link_libraries(other wake_word)\n"
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "other")
    run("cmake", "--build", tmp_path / "other")
    assert parsed(run(tmp_path / "other" / "other", recording)) == wanted


def test_platformio_understands_its_manifest(tmp_path: Path) -> None:
    folder = export(MODEL, "platformio", tmp_path / "library")
    data = ManifestParserFactory.new_from_file(str(folder / "library.json")).as_dict()
    assert data.pop("license") == "Apache-2.0"  # the schema would look it up on the internet
    manifest = ManifestSchema().load_manifest(data)
    assert (manifest["name"], manifest["version"]) == ("wake_word", __version__)
    assert json.loads((folder / "library.json").read_text())["build"] == {"flags": ["-ffp-contract=off"]}
    for example in manifest["examples"]:
        for file in example["files"]:
            assert (folder / example["base"] / file).is_file()


def arduino_flags(core: Path, language: str) -> list[str]:
    """The core's own flags for the Nano 33 BLE, as its platform.txt puts them."""
    variant, sources = core / "variants/ARDUINO_NANO33BLE", core / "cores/arduino"
    system = [f"-isystem{path}" for path in (sources, variant, core / "libraries/PDM/src", sources / "api/deprecated")]
    defines = [f"@{variant / 'defines.txt'}", "-DARDUINO=10810", "-DARDUINO_ARCH_MBED"]
    return [f"@{variant / language}", *defines, "-Werror=all", *system, f"-iprefix{sources}",
            f"@{variant / 'includes.txt'}"]  # fmt: skip


@pytest.mark.parametrize(
    "core",
    [
        pytest.param(str(ARDUINO), id="stand-in"),
        pytest.param(
            os.environ.get("ARDUINO_CORE"),
            id="real core",
            marks=pytest.mark.skipif("ARDUINO_CORE" not in os.environ, reason="ARDUINO_CORE names no ArduinoCore-mbed"),
        ),
    ],
)
def test_arduino_compiles_it_to_exact_code(core: str, tmp_path: Path) -> None:
    folder = export(listening_model(4), "arduino", tmp_path / "library")
    properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    assert properties["name"] == "wake_word"
    assert (folder / "src" / properties["includes"]).is_file()
    cxx = arduino_flags(Path(core).resolve(), "cxxflags.txt")
    sketches = [folder / "examples/microphone/microphone.ino"]
    sketches += export(MODEL, "platformio", tmp_path / "other").glob("examples/*/src/main.cpp")
    assert len(sketches) == 2
    for sketch in sketches:
        run("arm-none-eabi-g++", *cxx, f"-I{folder / 'src'}", "-xc++", "-c", sketch, "-o", tmp_path / "sketch.o")
    code, exact = arduino_flags(Path(core).resolve(), "cflags.txt"), []
    for source in sources(folder):
        built = tmp_path / f"{source.name}.o"
        run("arm-none-eabi-gcc", *code, f"-I{folder / 'src'}", "-c", source, "-o", built)
        exact.append(run("arm-none-eabi-objdump", "-d", built).decode())
    assert "vmul.f32" in "".join(exact)
    fused = [line for text in exact for line in text.splitlines() if "vfm" in line or "vfnm" in line]
    assert fused == []  # although no flag forbids it


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_that_holds_something_is_left_alone(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    export(MODEL, form, folder)  # empty: taken
    before = sorted(folder.rglob("*"))
    (folder / "README.md").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export(MODEL, form, folder)
    assert sorted(folder.rglob("*")) == before
    assert (folder / "README.md").read_text() == "mine"
    (tmp_path / "file").touch()
    with pytest.raises(UsageError):
        export(MODEL, form, tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "library"]

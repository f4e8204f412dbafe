from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from cffi import FFI
from hypothesis import given
from hypothesis import strategies as st

from pipeline._native import declarations
from pipeline.config import WeightsIn
from pipeline.errors import QuantizationError
from pipeline.export import write_c_arrays
from pipeline.export.c_text import c_float, c_string
from pipeline.layers.dense_layout import VARIANTS
from pipeline.layers.dense_packing import pack
from tests.conftest import make_model

FIRMWARE = Path(__file__).parents[2] / "firmware"
HASH = "0123456789abcdef" * 4
ACCESSORS = """
#include "kws_model.h"
const kws_model_t *model(void) { return &kws_model; }
const dynq_network_t *network(void) { return &kws_network; }
const detector_config_t *detector(void) { return &kws_detector; }
int sizes(int which) {
  const int all[] = {KWS_INPUTS, KWS_BANDS, KWS_STRIDE, KWS_WINDOW_BYTES, KWS_STATE_BYTES, KWS_LABELS, KWS_LAYERS,
    KWS_MAX_OUTPUTS};
  return all[which];
}
"""


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bits", [8, 4, 2])
def test_compiled_arrays_hold_the_packed_model(tmp_path: Path, variant: str, bits: int) -> None:
    model = make_model(bits)
    arrays = write_c_arrays(model, variant, tmp_path, source_hash=HASH)
    library = _compile(tmp_path)
    compiled, network = library.model(), library.network()
    assert _text(compiled.name) == model.name
    assert _text(compiled.hash) == HASH[:16]
    assert [_text(compiled.labels[i]) for i in range(compiled.label_count)] == list(model.labels)
    detector = library.detector()
    thresholds = [detector.thresholds[i] for i in range(detector.labels)]
    assert thresholds == [2.0, 2.0, *[np.float32(model.detector.threshold)] * len(model.keywords)]
    assert (detector.smoothing, detector.refractory_samples) == (model.detector.smoothing_frames, 16_000)
    assert [library.sizes(i) for i in range(7)] == [80, 20, 1, 80, 0, 5, 3]
    assert (network.node_count, network.bands, network.rows, network.stride) == (3, 20, 4, 1)
    window = network.signals[0]
    assert window.values == network.window
    assert (np.float32(window.codes.scale), window.codes.zero_point) == (
        np.float32(model.input.scale),
        model.input.zero_point,
    )
    assert [network.signals[i].is_codes for i in range(4)] == [1, 0, 0, 0]
    assert sorted(path.name for path in arrays.files) == [
        "kws_frontend.c",
        "kws_frontend.h",
        "kws_model.c",
        "kws_model_config.h",
    ]
    constant_bytes = 0
    for index, layer in enumerate(model.layers):
        packed, node = pack(layer.columns, variant), network.nodes[index]
        c = _FFI.cast("const dynq_dense_t *", node.layer)
        assert _text(node.name) == layer.name
        assert (node.outputs, node.sources[0], node.state) == (layer.outputs, index, _FFI.NULL)
        assert (c.inputs, c.outputs, c.relu) == (layer.inputs, layer.outputs, layer.relu)
        assert bytes(_FFI.buffer(c.weights, len(packed.weights))) == packed.weights
        assert bytes(_FFI.buffer(c.columns, packed.columns.nbytes)) == packed.columns.tobytes()
        assert int(_FFI.cast("uintptr_t", c.weights)) % 16 == 0
        assert int(_FFI.cast("uintptr_t", c.columns)) % 16 == 0
        constant_bytes += len(packed.weights) + packed.columns.nbytes
    assert arrays.constant_bytes == constant_bytes
    activations = 4 * (36 + 20)  # the first and the second output; the logits fit where the first was
    assert network.buffer_bytes >= 80 + activations
    assert _FFI.cast("char *", network.signals[3].values) == _FFI.cast("char *", network.signals[1].values)


def test_memory_is_enough_for_every_layer_not_only_the_first(tmp_path: Path) -> None:
    model = make_model(8, widths=(9, 70))
    write_c_arrays(model, "reference", tmp_path, source_hash=HASH)
    assert _compile(tmp_path).sizes(7) == 70
    scratch = re.findall(r"  uint8_t layer_(\d)\[(.*)\];", (tmp_path / "kws_model.c").read_text())
    assert [int(index) for index, _ in scratch] == [0, 1, 2]
    assert [size for _, size in scratch] == [layer.c_scratch for layer in model.layers]


@pytest.mark.parametrize("weights_in", ["flash", "ram"])
def test_arrays_lie_where_they_should(tmp_path: Path, weights_in: WeightsIn) -> None:
    arrays = write_c_arrays(make_model(), "reference", tmp_path, source_hash=HASH, weights_in=weights_in)
    subprocess.run(
        [
            "arm-none-eabi-gcc",
            "-mcpu=cortex-m4",
            "-mthumb",
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-O2",
            *_includes(tmp_path),
            "-c",
            "kws_model.c",
            "-o",
            "kws_model.o",
        ],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    sizes = (
        subprocess.run(
            ["arm-none-eabi-size", "-B", "kws_model.o"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        .stdout.splitlines()[1]
        .split()
    )
    text, data, _ = map(int, sizes[:3])
    others = 4 * 16 + 36  # signals and the network's own numbers have initial values in RAM
    if weights_in == "flash":
        assert data <= others
        assert text >= arrays.constant_bytes
    else:
        assert arrays.constant_bytes <= data <= arrays.constant_bytes + others + 16 * 2 * 3  # aligned to 16
        assert "sizeof constant_2_weights" in (tmp_path / "kws_model.c").read_text()


def test_comments_say_what_the_arrays_hold(tmp_path: Path) -> None:
    write_c_arrays(make_model(), "reference", tmp_path, source_hash=HASH)
    text = (tmp_path / "kws_model.c").read_text()
    assert "dense_0: 80 inputs x 33 columns, 4-bit weight codes, 1320 bytes." in text
    assert "step and bias, sum and offset of 33 columns, 264 bytes." in text
    assert max(map(len, text.splitlines())) <= 120


def test_bits_without_a_kernel_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuantizationError):
        write_c_arrays(make_model(5), "reference", tmp_path, source_hash=HASH)
    assert not list(tmp_path.iterdir())


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_literals_are_exact(value: float) -> None:
    assert (
        np.float32(float.fromhex(c_float(np.float32(value)).removesuffix("f"))).tobytes() == np.float32(value).tobytes()
    )


@pytest.mark.parametrize(
    ("value", "literal"),
    [(1.0, "0x1p+0f"), (-0.0, "-0x0p+0f"), (0.1, "0x1.99999ap-4f"), (1e-45, "0x1p-149f"), (-2.5, "-0x1.4p+1f")],
)
def test_float_literals_are_short(value: float, literal: str) -> None:
    assert c_float(np.float32(value)) == literal


def test_odd_texts_cannot_break_out_of_a_literal(tmp_path: Path) -> None:
    model = make_model()
    labels = ('"};', "back\\slash", "??/", "schlüssel", "tab\there1")
    object.__setattr__(model, "labels", labels)
    object.__setattr__(model, "name", "*/ int x;")
    write_c_arrays(model, "reference", tmp_path, source_hash=HASH)
    compiled = _compile(tmp_path).model()
    assert [_text(compiled.labels[i]) for i in range(5)] == list(labels)
    assert _text(compiled.name) == "*/ int x;"
    assert c_string("a\n1") == '"a\\0121"'


def _declared() -> str:
    """What kws_model.h declares, without the sizes, which are generated for each model; and the accessors."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kws_model_config.h").touch()
        libraries = (FIRMWARE / "lib/dynq", FIRMWARE / "lib/listener")
        header = declarations(FIRMWARE / "app/kws_model.h", include=(Path(folder), *libraries))
    return header + "".join(f"{line[: line.index('{')]};\n" for line in ACCESSORS.splitlines() if "(" in line)


_FFI = FFI()
_FFI.cdef(_declared())
_ALIVE: list[object] = []


def _compile(directory: Path):
    (directory / "accessors.c").write_text(ACCESSORS)
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is needed: apt-get install gcc"
    subprocess.run(
        [
            compiler,
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            *_includes(directory),
            "kws_model.c",
            "accessors.c",
            *(str(source) for source in sorted((FIRMWARE / "lib/dynq").glob("*.c"))),
            "-o",
            "model.so",
        ],
        cwd=directory,
        check=True,
        timeout=60,
    )
    library = _FFI.dlopen(str(directory / "model.so"))
    _ALIVE.append(library)  # closing it would unmap the arrays
    return library


def _includes(directory: Path) -> list[str]:
    return [f"-I{directory}", f"-I{FIRMWARE / 'app'}", f"-I{FIRMWARE / 'lib/dynq'}", f"-I{FIRMWARE / 'lib/listener'}"]


def _text(pointer) -> str:
    return _FFI.string(pointer).decode()

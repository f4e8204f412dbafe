"""What tells one build of the firmware from another."""

from __future__ import annotations

from pipeline.cores import CORES
from pipeline.firmware import _build_hash


def test_the_build_hash_tells_environments_cores_and_models_apart(tmp_path):
    (tmp_path / "kws_model.c").write_text("int model;\n")
    m4 = CORES["cortex-m4"]

    def build_hash(environment="nano33", core=m4, tools="gcc 12", flags=(), settings=None):
        return _build_hash(tmp_path, environment, core, tools, flags, settings or {"KWS_ENGINE": "aot"})

    hashes = {
        build_hash(),
        build_hash("nano33_usb"),  # the same target and core behind Arduino's USB serial
        build_hash(core=CORES["cortex-m33"]),
        build_hash(tools="gcc 13"),
        build_hash(flags=("-DX",)),
        build_hash(settings={"KWS_ENGINE": "tflm"}),
    }
    assert build_hash() in hashes
    (tmp_path / "kws_model.c").write_text("int other;\n")
    hashes.add(build_hash())
    assert len(hashes) == 7

"""Live audio: the device hears what training saw, and detects what the reference says it should."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from pipeline.boards import board
from pipeline.config import Detector, Frontend
from pipeline.device import open_device
from pipeline.device.audio import AudioStream
from pipeline.errors import DeviceError
from pipeline.export import write_c_arrays
from pipeline.firmware import build_firmware
from pipeline.frontend import encode, mel_power
from pipeline.layers import Dense, QuantizedModel, Stream, logits
from pipeline.protocol.declared import PCM_SAMPLES, InputCheck, StreamState
from pipeline.protocol.frames import encode_frame
from tests.conftest import make_model, make_temporal_model

rng = np.random.default_rng(12)
MODEL = replace(
    make_model(4, widths=(20,), frames=7),
    labels=("_silence_", "_unknown_", "größe", "7up", "über_größe"),
    detector=Detector(threshold=0.40, smoothing_frames=3, refractory_ms=300),
)


def audio(seconds: float) -> np.ndarray:
    """Noise whose loudness and colour change twenty times a second."""
    count = int(seconds * 16_000)
    white = rng.normal(size=count)
    colour = np.convolve(white, np.ones(8) / 8, "same")
    gain = np.repeat(10 ** rng.uniform(0, 4, count // 800 + 1), 800)[:count]
    mix = np.repeat(rng.uniform(0, 1, count // 800 + 1), 800)[:count]
    return np.clip(gain * (mix * white + (1 - mix) * colour), -32768, 32767).astype(np.int16)


def against_rivals(logits: np.ndarray) -> np.ndarray:
    """Softmax of each logit and the highest other one."""
    others = [np.delete(logits, i).max() for i in range(len(logits))]
    return 1 / (1 + np.exp(np.array(others) - logits))


def expected(model: QuantizedModel, pcm: np.ndarray, first: int = 0) -> list[tuple[str, float, int]]:
    """Detections by numpy: a row every context_stride hops, from ``first`` on a new stream of them."""
    settings: Frontend = model.frontend
    rows = encode(mel_power(pcm, settings))[:: settings.context_stride]
    step = settings.hop_samples * settings.context_stride
    stream = Stream(model)
    found, deaf_until, posteriors = [], 0, []
    for i in range(first, len(rows)):
        outputs = stream.push(rows[i : i + 1])
        if outputs is None or i - first + 1 < settings.context_frames:
            continue
        posteriors.append(against_rivals(outputs[-1]))
        if len(posteriors) < model.detector.smoothing_frames:
            continue
        mean = np.mean(posteriors[-model.detector.smoothing_frames :], axis=0)
        sample = i * step + settings.window_samples
        keyword = 2 + int(np.argmax(mean[2:]))
        if sample >= deaf_until and mean[keyword] >= model.detector.threshold:
            found.append((model.labels[keyword], float(mean[keyword]), sample))
            deaf_until = sample + model.detector.refractory_ms * model.frontend.sample_rate // 1000
    return found


@pytest.fixture(scope="module", params=["host", "qemu"])
def device(request, tmp_path_factory):
    target = request.param
    folder = tmp_path_factory.mktemp("audio")
    write_c_arrays(MODEL, board(target).core.variant, folder / "c", source_hash="1" * 64)
    with open_device(target, build_firmware(target, folder / "c", folder)) as opened:
        yield opened


def test_detections_are_the_references(device):
    pcm = audio(6)[:-123]
    wanted = expected(MODEL, pcm)
    assert len(wanted) >= 3
    for _ in range(2):  # a start forgets everything: windows half full, detections, and how long it is deaf after one
        stream = AudioStream(device.client)
        assert stream.state == StreamState(0, 0, 0)
        found = stream.push(pcm)
        assert [(d.label, d.sample) for d in found] == [(label, sample) for label, _, sample in wanted]
        np.testing.assert_allclose([d.score for d in found], [score for _, score, _ in wanted], atol=6e-4)


def test_all_pairs_of_bytes_pass(device):
    """None has a meaning for what lies between, as Ctrl-A and x have for QEMU's own terminal."""
    pcm = np.random.default_rng(3).permutation(1 << 16).astype(np.uint16).view(np.int16)
    before = device.client.retries
    stream = AudioStream(device.client)
    found = [(d.label, d.sample) for d in stream.push(pcm)]
    assert found == [(label, sample) for label, _, sample in expected(MODEL, pcm)]
    assert stream.state.samples == 1 << 16
    assert device.client.retries == before


def test_a_network_of_several_rows_a_step_answers_after_every_step(tmp_path):
    rng = np.random.default_rng(3)
    layers = tuple(
        Dense.quantized(name, rng.normal(size=(k, n)) / np.sqrt(k), rng.normal(size=n) * 0.1, 4, relu=name == "stem")
        for name, k, n in (("stem", 60, 24), ("logits", 24, 5))
    )
    frontend = MODEL.frontend.model_copy(update={"context_frames": 8})
    model = replace(MODEL, layers=layers, frontend=frontend, stride=2)
    write_c_arrays(model, "reference", tmp_path / "c", source_hash="2" * 64)
    pcm = audio(6)
    with open_device("host", build_firmware("host", tmp_path / "c", tmp_path)) as device:
        stream = AudioStream(device.client)
        found = stream.push(pcm)
        clip = rng.integers(-128, 128, model.inputs).astype(np.int8)
        assert device.client.run(clip).logits.tobytes() == logits(model, clip).tobytes()
    wanted = expected(model, pcm)
    assert len(wanted) >= 3
    assert [(d.label, d.sample) for d in found] == [(label, sample) for label, _, sample in wanted]
    rows = (len(pcm) - frontend.window_samples) // (frontend.hop_samples * frontend.context_stride) + 1
    assert stream.state.inferences == rows // 2 - 3


def test_a_start_forgets_what_a_network_remembers(tmp_path):
    """The mean covers more steps than the warm-up: after a start it must find zeros where the last stream's were."""
    model = replace(
        make_temporal_model(4, channels=12, blocks=1, taps=3, pooling=24, labels=5, frames=8),
        labels=MODEL.labels,
        detector=Detector(threshold=0.3, smoothing_frames=1, refractory_ms=0),
    )
    write_c_arrays(model, "reference", tmp_path / "c", source_hash="3" * 64)
    pcm = audio(2)
    with open_device("host", build_firmware("host", tmp_path / "c", tmp_path)) as device:
        found = []
        for _ in range(2):
            found.append(AudioStream(device.client).push(pcm))
            AudioStream(device.client).push(audio(1.01))
    wanted = [(label, sample) for label, _, sample in expected(model, pcm)]
    assert len(wanted) > 3
    assert [[(one.label, one.sample) for one in each] for each in found] == [wanted, wanted]
    assert [one.score for one in found[0]] == [one.score for one in found[1]]


def test_another_input_in_between_makes_the_stream_warm_up_again(device):
    settings = MODEL.frontend
    pcm = audio(4)
    uninterrupted = expected(MODEL, pcm)
    before, after = np.split(pcm, [uninterrupted[2][2] - 100])  # just before a detection
    stream = AudioStream(device.client)
    found = stream.push(before)
    other = rng.integers(-128, 128, MODEL.inputs).astype(np.int8)
    assert device.client.run(other).logits.tobytes() == logits(MODEL, other).tobytes()
    with pytest.raises(DeviceError, match="Not enough audio"):
        device.client.command("AUDIO")
    found += stream.push(after)
    step = settings.hop_samples * settings.context_stride
    first = (len(before) - settings.window_samples) // step + 1
    wanted = expected(MODEL, before) + expected(MODEL, pcm, first)
    assert uninterrupted[2][2] not in [sample for _, _, sample in wanted]
    assert [(d.label, d.sample) for d in found] == [(label, sample) for label, _, sample in wanted]


def test_features_are_bit_equal_however_the_audio_is_cut(device):
    settings = MODEL.frontend
    step = settings.hop_samples * settings.context_stride
    pcm = audio(1.5)
    rows = encode(mel_power(pcm, settings))[:: settings.context_stride]
    last = (len(pcm) - settings.window_samples) // step
    features = rows[last - settings.context_frames + 1 : last + 1].reshape(-1)
    for cuts in ([], [1, 2, 3, 500, 501, 9000], list(range(777, len(pcm), 777))):
        stream = AudioStream(device.client)
        for piece in np.split(pcm, cuts):
            stream.push(piece)
        device.client.command("AUDIO")
        assert device.client.command("CRC").one(InputCheck).crc == zlib.crc32(features.tobytes())
        assert device.client.logits(features).logits.tobytes() == logits(MODEL, features).tobytes()


def test_audio_sent_twice_is_taken_once_and_a_gap_is_refused(device):
    AudioStream(device.client)
    pcm = audio(PCM_SAMPLES / 16_000)
    frame = encode_frame("P", (0).to_bytes(4, "little") + pcm.tobytes())
    link = device.client.link
    assert link.exchange(frame, 5) == link.exchange(frame, 5)
    assert link.exchange(encode_frame("P", (960).to_bytes(4, "little") + pcm.tobytes()), 5) == [
        "e-[The next audio is sample 480]"
    ]
    assert link.exchange(encode_frame("P", b"\0\0\0"), 5) == ["e-[Bad length of audio]"]
    with pytest.raises(DeviceError, match="Not enough audio"):
        device.client.command("AUDIO")


def test_a_late_answer_is_not_taken_for_the_next(device, monkeypatch):
    stream, link = AudioStream(device.client), device.client.link
    pcm, exchange, answers = audio(1.5), link.exchange, []

    def late(data: bytes, seconds: float) -> list[str]:
        answers.append(exchange(data, seconds))
        return answers[-2] if len(answers) % 3 == 0 else answers[-1]

    monkeypatch.setattr(link, "exchange", late)
    retries = device.client.retries
    found = stream.push(pcm)
    wanted = expected(MODEL, pcm)
    assert wanted
    assert [(d.label, d.sample) for d in found] == [(label, sample) for label, _, sample in wanted]
    assert device.client.retries >= retries + 20


def test_the_deepest_stack_leaves_room(device):
    AudioStream(device.client).push(audio(0.5))
    memory = device.client.memory()
    if memory.stack:
        assert memory.stack_used < memory.stack / 2

"""Any audio comes in as 16 kHz mono int16 blocks, or stops with a word on why."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import AudioError
from pipeline.listening.sources import Source, open_sources, raw, recording


def heard(source: Source) -> np.ndarray:
    blocks = list(source.blocks())
    assert all(block.dtype == np.int16 and block.ndim == 1 for block in blocks)
    assert max(map(len, blocks)) <= 16_000  # memory stays bounded; a resampler gives what it has in bursts
    return np.concatenate(blocks)


def tone(rate: int, seconds: float = 1.0, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)


def test_16_bit_samples_arrive_as_they_are(tmp_path: Path) -> None:
    pcm = np.random.default_rng(1).integers(-32768, 32768, 20_001).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 16_000)
    soundfile.write(tmp_path / "a.flac", pcm, 16_000)
    for name in ("a.wav", "a.flac"):
        source = recording(tmp_path / name)
        assert source.seconds == 20_001 / 16_000
        assert np.array_equal(heard(source), pcm)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_other_sample_formats(tmp_path: Path, subtype: str) -> None:
    wave = tone(16_000)
    soundfile.write(tmp_path / "a.wav", wave, 16_000, subtype)
    error = heard(recording(tmp_path / "a.wav")) / 32768 - wave
    assert np.abs(error).max() < {"PCM_U8": 1 / 100, "ULAW": 1 / 40}.get(subtype, 1 / 30_000)


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 22_050, 44_100, 48_000, 192_000])
def test_other_rates_keep_pitch_and_length(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(rate, 2.0), rate)
    pcm = heard(recording(tmp_path / "a.wav"))
    assert abs(len(pcm) - 32_000) <= 2
    spectrum = np.abs(np.fft.rfft(pcm[:32_000] * np.hanning(len(pcm[:32_000]))))
    assert abs(np.argmax(spectrum) * 16_000 / len(pcm[:32_000]) - 440) < 1


def test_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([tone(16_000), -tone(16_000), 3 * tone(16_000)], 1) / 3, 16_000)
    assert np.abs(heard(recording(tmp_path / "a.wav")) / 32768 - tone(16_000) / 3).max() < 1e-4


def test_full_scale_is_clipped_not_wrapped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([2.0, -2.0] * 100), 16_000, "FLOAT")
    assert set(heard(recording(tmp_path / "a.wav"))) == {32767, -32768}


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_floats_far_beyond_full_scale_are_clipped_too(tmp_path: Path, rate: int) -> None:
    wave = np.full((rate, 2), np.finfo(np.float32).max)
    soundfile.write(tmp_path / "a.wav", wave, rate, "FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pcm = heard(recording(tmp_path / "a.wav"))
    assert set(pcm[1000:-1000]) == {32767}


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_recording_without_samples_is_refused(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, np.zeros(0, np.int16), 16_000)
    with pytest.raises(AudioError, match=r"empty|no samples"):
        recording(tmp_path / name)


@pytest.mark.parametrize("size", [1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_is_heard_to_its_end_whatever_its_header_says(tmp_path: Path, size: int) -> None:
    pcm = np.arange(20_000, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 16_000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    if size == 1:  # cut off within a sample
        data = data[:20_001]
    else:  # written into a pipe
        data[4:8] = data[40:44] = struct.pack("<I", size)
    (tmp_path / "a.wav").write_bytes(data)
    assert np.array_equal(heard(recording(tmp_path / "a.wav")), pcm[: (len(data) - 44) // 2])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_stop_where_they_are(tmp_path: Path, bad: float) -> None:
    wave = tone(16_000, 2.0)
    wave[20_000] = bad
    soundfile.write(tmp_path / "a.wav", wave, 16_000, "FLOAT")
    blocks = recording(tmp_path / "a.wav").blocks()
    assert sum(len(next(blocks)) for _ in range(5)) == 20_000  # what lies before is heard
    with pytest.raises(AudioError, match=r"no numbers, from 1\.25 s"):
        next(blocks)


def test_a_cut_off_file_is_heard_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(1).integers(-999, 999, 64_000).astype(np.int16), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    blocks: list[np.ndarray] = []
    with pytest.raises(AudioError, match=r"cut off|damaged"):
        blocks.extend(recording(path).blocks())
    assert 16_000 < sum(map(len, blocks)) < 48_000


def test_an_impossible_rate_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 1)
    path.write_bytes(bytes(data))
    with pytest.raises(AudioError, match="1 samples a second"):
        recording(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 100, bytes(1000)])
def test_what_is_no_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError):
        recording(path)


@given(st.integers(0, 200), st.integers(0, 300))
def test_damaged_files_never_escape_as_other_errors(at: int, value: int) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(8_000, 0.1), 8_000, format="WAV")
    data = bytearray(buffer.getvalue())
    data[at] = value % 256
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "dynq_damaged.wav"
    path.write_bytes(bytes(data))
    try:
        for _ in recording(path).blocks():
            pass
    except AudioError:
        pass
    finally:
        path.unlink()


class Pipe(io.RawIOBase):
    """Gives back what was written in pieces of given sizes, as a pipe may."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def read(self, size: int = -1) -> bytes:
        step = self._sizes.pop(0) if self._sizes else size
        piece, self._data = self._data[: min(step, size)], self._data[min(step, size) :]
        return piece


@given(st.lists(st.integers(1, 9), max_size=40))
def test_a_pipe_may_cut_samples_anywhere(sizes: list[int]) -> None:
    pcm = np.arange(-50, 50, dtype=np.int16)
    source = raw(Pipe(pcm.astype("<i2").tobytes(), sizes))  # type: ignore[arg-type]
    assert source.seconds is None
    assert np.array_equal(np.concatenate(list(source.blocks())), pcm)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_memory_is_bounded_whatever_the_length(tmp_path: Path, rate: int) -> None:
    """Three minutes are 6 MB of int16 at 16 kHz, and as floats with two channels at 44.1 kHz 63 MB."""
    path, samples = tmp_path / "long.wav", 0
    noise = np.random.default_rng(1).integers(-9000, 9000, (rate, 2), np.int16)
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        for _ in range(180):
            file.write(noise)
    tracemalloc.start()
    try:
        for block in recording(path).blocks():
            samples += len(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert abs(samples - 180 * 16_000) <= 1
    assert peak < 2_000_000


def test_a_pipe_that_ends_within_a_sample() -> None:
    with pytest.raises(AudioError, match="within a sample"):
        list(raw(io.BytesIO(b"\1\2\3")).blocks())


def test_a_folder_is_heard_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.wav", "1.flac"):
        soundfile.write(tmp_path / name, tone(16_000, 0.1), 16_000)
    (tmp_path / "notes.txt").write_text("no audio")
    assert [source.name for source in open_sources(str(tmp_path), io.BytesIO())] == ["1.flac", "b/2.wav"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no recordings"):
        open_sources(str(tmp_path / "empty"), io.BytesIO())


def test_no_microphone_is_said_clearly() -> None:
    with pytest.raises(AudioError, match="microphone"):
        open_sources("mic", io.BytesIO())

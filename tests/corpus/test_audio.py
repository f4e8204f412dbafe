"""Decoding one file, and cutting it to a clip."""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus.audio import fit_clip, read_audio
from pipeline.errors import CorpusError
from tests.corpus.conftest import tone


def test_16_khz_mono_pcm_is_read_unchanged(tmp_path):
    pcm = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    for suffix in ("wav", "flac"):
        soundfile.write(tmp_path / f"a.{suffix}", pcm, 16_000)
        assert np.array_equal(read_audio(tmp_path / f"a.{suffix}"), pcm)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (48_000, 1), (22_050, 6), (16_000, 2)])
def test_any_rate_and_channel_count_becomes_16_khz_mono(rate, channels, tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(1.0, hz=1000, rate=rate, channels=channels), rate)
    pcm = read_audio(tmp_path / "a.flac")
    assert abs(len(pcm) - 16_000) <= 2
    spectrum = np.abs(np.fft.rfft(pcm[1000:15_000] * np.hanning(14_000)))
    assert abs(int(spectrum.argmax()) * 16_000 / 14_000 - 1000) < 2
    assert np.abs(pcm).max() == pytest.approx(0.32 * 32768, rel=0.1)


def test_what_is_no_whole_recording_is_refused_by_name(tmp_path):
    good = tmp_path / "good.wav"
    soundfile.write(good, tone(), 16_000)
    flac = tmp_path / "good.flac"
    soundfile.write(flac, tone(), 16_000)
    cases = {
        "empty.wav": b"",
        "text.wav": b"this is no audio",
        "header.wav": good.read_bytes()[:44],
        "cut.wav": good.read_bytes()[:-9000],
        "cut.flac": flac.read_bytes()[: len(flac.read_bytes()) // 2],
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CorpusError, match=re.escape(name)) as error:
            read_audio(tmp_path / name)
        assert "delete" in error.value.hint
    with pytest.raises(CorpusError, match=r"absent\.wav"):
        read_audio(tmp_path / "absent.wav")


def test_samples_that_are_no_numbers_are_refused(tmp_path):
    sound = tone().astype(np.float32)
    sound[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", sound, 16_000, subtype="FLOAT")
    with pytest.raises(CorpusError, match="no numbers"):
        read_audio(tmp_path / "nan.wav")


def test_samples_of_another_scale_are_refused(tmp_path):
    soundfile.write(tmp_path / "loud.wav", tone() * 100, 16_000, subtype="FLOAT")
    with pytest.raises(CorpusError, match=r"loud\.wav goes up to 3\d\.\d+ where full scale is 1"):
        read_audio(tmp_path / "loud.wav")
    peaks = tone()
    peaks[::500] = 1.2  # a few clipped peaks are no other scale
    soundfile.write(tmp_path / "peaks.wav", peaks, 16_000, subtype="FLOAT")
    assert read_audio(tmp_path / "peaks.wav").max() == 32767


@pytest.mark.parametrize("rate", [1, 3999, 400_000, 0x7FFFFFFF])
def test_an_impossible_rate_is_refused_at_once(rate, tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(CorpusError, match=f"a.wav says it has {rate} samples a second"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg"])
def test_damaged_headers_never_escape_as_other_errors(suffix, tmp_path):
    """Lengths of terabytes, rates of nothing: every byte of the first hundred as 0, 255 and with its top bit turned."""
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, tone(0.2), 16_000)
    whole = path.read_bytes()
    refused = 0
    for at in range(100):
        for byte in (0, 0xFF, whole[at] ^ 0x80):
            path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
            with contextlib.suppress(CorpusError):
                assert len(read_audio(path)) < 40_000
                continue
            refused += 1
    assert refused > 10


def test_a_wav_from_a_pipe_without_its_length_is_read(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 16_000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(read_audio(path)) == 16_000


def test_a_long_recording_is_cut_to_its_loud_part():
    rng = np.random.default_rng(0)
    pcm = rng.normal(0, 10, 64_000)
    pcm[40_000:46_000] += rng.normal(0, 3000, 6000)
    clip = fit_clip(np.rint(pcm).astype(np.int16), 16_000)
    loud = np.flatnonzero(np.abs(clip) > 1000)
    assert loud[-1] - loud[0] > 5900
    assert abs((loud[0] + loud[-1]) / 2 - 8000) < 600


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30_000), st.integers(0, 6000), st.integers(0, 6000), st.integers(0, 999))
def test_a_clip_has_its_length_and_no_digital_silence_at_its_ends(length, before, after, seed):
    rng = np.random.default_rng(seed)
    middle = np.rint(rng.normal(0, 500, length)).astype(np.int16)
    pcm = np.concatenate([np.zeros(before, np.int16), middle, np.zeros(after, np.int16)])
    clip = fit_clip(pcm, 16_000)
    assert clip.shape == (16_000,)
    assert clip.dtype == np.int16
    if length > 1000 and before + length + after <= 16_000:
        for end in (clip[:400], clip[-400:]):
            assert np.count_nonzero(end) > 200
        start = (16_000 - len(pcm)) // 2 + before
        assert np.array_equal(clip[start + 5 : start + length - 5], middle[5:-5])


def test_padding_has_the_level_of_the_recordings_own_background():
    rng = np.random.default_rng(0)
    pcm = rng.normal(0, 40, 8000)
    pcm[3000:5000] += 8000 * np.sin(np.arange(2000))
    clip = fit_clip(np.rint(pcm).astype(np.int16), 16_000).astype(float)
    assert 20 < clip[:3900].std() < 60
    assert 20 < clip[-3900:].std() < 60


def test_digital_silence_alone_stays_what_it_is():
    assert not fit_clip(np.zeros(100, np.int16), 200).any()


def test_the_same_file_gives_the_same_clip():
    pcm = np.rint(np.random.default_rng(5).normal(0, 300, 9000)).astype(np.int16)
    assert np.array_equal(fit_clip(pcm, 16_000), fit_clip(pcm, 16_000))

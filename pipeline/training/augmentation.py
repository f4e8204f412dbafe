"""Random variations of training clips, drawn anew every epoch.

Everything works on mel power, where added noise is a sum, gain and equalisation are products, and shift and stretch are
other row numbers: a thousand clips take hundredths of a second, and the last step is the device's own encoder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.config import AugmentationSection, Frontend
from pipeline.corpus import UNKNOWN_LABEL
from pipeline.frontend import encode, make_tables
from pipeline.frontend.tables import mel

Floats = NDArray[np.float32]
_CHUNK = 2048
_BINS_PER_DEGREE = 2.3  # neighbouring bins correlate: zero padding to 512, and the Hann window's main lobe
_CUT_HZ = (3200.0, 7000.0)
_TELEPHONE_LOW_HZ = (200.0, 400.0)
_TELEPHONE_HIGH_HZ = (3200.0, 4000.0)
_LINE_NOISE_DB = (20.0, 60.0)
_DECIBELS_PER_OCTAVE = (40.0, 160.0)
_MOST_LOSS_DB = 60.0
_SELF_NOISE = (0.3, 10.0)  # of a microphone and its converter, in steps of 16-bit PCM


class AugmentedSet:
    """Training clips that differ in every epoch.

    Args:
        power: float32 ``[n, hops, bands]``, mel power of whole clips.
        called: float32 ``[n, lines, hops, bands]``, the same clips over telephone lines.
        labels: int64 ``[n]``.
        noise: float32 ``[hops, bands]`` each; none: no noise is added.
        section: how strongly to vary.
        settings: the front end that made ``power``.
        negatives: float32 ``[hops, bands]``, mel power of speech without keywords; in every epoch come some windows of
            it, other ones each time, as unknown clips.

    Attributes:
        labels: int64 ``[m]`` of an epoch's clips, before they are put in random order.
    """

    def __init__(
        self,
        power: Floats,
        called: Floats,
        labels: NDArray[np.int64],
        noise: Sequence[Floats],
        section: AugmentationSection,
        settings: Frontend,
        negatives: Floats | None = None,
    ) -> None:
        hops = power.shape[1]
        if negatives is None or len(negatives) <= hops:
            negatives = np.zeros((0, settings.bands), np.float32)
        self._negatives = negatives
        windows = round(section.negatives * len(labels)) if len(negatives) else 0
        self.labels = np.concatenate([labels, np.full(windows, UNKNOWN_LABEL, np.int64)])
        self._power, self._called, self._section, self._settings = power, called, section, settings
        self._noise = np.concatenate(list(noise)) if len(noise) else np.zeros((0, settings.bands), np.float32)
        tables = make_tables(settings)
        segment = np.repeat(np.arange(settings.bands + 1), tables.segment_bins)
        rising = np.bincount(segment, tables.rising, settings.bands + 1)[:-1]
        falling = np.bincount(segment, 1 - tables.rising, settings.bands + 1)[1:]
        # mel power of white noise of variance 1; estimated from one frame it scatters as a gamma distribution
        self._white = ((rising + falling) * np.sum(4.0 * tables.window.astype(np.float64) ** 2)).astype(np.float32)
        squares = np.bincount(segment, tables.rising**2, settings.bands + 1)[:-1]
        squares += np.bincount(segment, (1 - tables.rising) ** 2, settings.bands + 1)[1:]
        independent = (rising + falling) ** 2 / squares / _BINS_PER_DEGREE
        self._scatter = np.maximum(independent, 1.0).astype(np.float32)
        edges = np.linspace(mel(settings.low_hz), mel(settings.high_hz), settings.bands + 2)
        self._centre_hz = 700.0 * np.expm1(edges[1:-1] / 1127.0)

    def __len__(self) -> int:
        return len(self.labels)

    def epoch(self, rng: np.random.Generator) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Every clip once, varied, in random order: int8 ``[n, inputs]`` and labels ``[n]``."""
        order = rng.permutation(len(self))
        inputs = np.empty((len(order), self._settings.inputs), np.int8)
        for start in range(0, len(order), _CHUNK):
            chosen = order[start : start + _CHUNK]
            codes = encode(self._vary(chosen, rng))
            inputs[start : start + _CHUNK] = self._mask(codes, rng).reshape(len(chosen), -1)
        return inputs, self.labels[order]

    def _clips(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Mel power ``[n, hops, bands]`` of clips, those beyond the last one being windows of the negatives."""
        count, hops = self._power.shape[:2]
        clips = np.asarray(self._power[np.minimum(chosen, count - 1)], np.float32)
        other = np.flatnonzero(chosen >= count)
        if len(other):
            start = rng.integers(0, len(self._negatives) - hops, (len(other), 1))
            clips[other] = self._negatives[start + np.arange(hops)]
        return clips

    def _call(self, clips: Floats, chosen: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Replaces some clips by what a telephone line made of them; returns what share of the noise in each band comes
        through with every clip, ``[n, 1, bands]``: over a line as much as of the speech."""
        passed = np.ones((len(chosen), 1, self._settings.bands), np.float32)
        if not self._section.line_probability:
            return passed
        heard_so = rng.random(len(chosen)) < self._section.line_probability
        over = np.flatnonzero(heard_so & (chosen < len(self._power)))
        called = self._called[chosen[over], rng.integers(0, self._called.shape[1], len(over))]
        gain = called.sum(axis=1, keepdims=True) / np.maximum(clips[over].sum(axis=1, keepdims=True), 1.0)
        passed[over] = gain / np.maximum(gain.max(axis=2, keepdims=True), 1e-9)
        clips[over] = called
        return passed

    def _vary(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        section, n = self._section, len(chosen)
        clips = self._clips(chosen, rng)
        passed = self._call(clips, chosen, rng)
        power = self._window(self._reverberate(clips, rng), rng)
        if section.warp:
            power = _warp(power, rng.uniform(-section.warp, section.warp, n))
        power *= _equaliser(section.equaliser_db, n, self._settings.bands, rng)
        self._add_noise(power, passed, rng)
        power *= _decibels(rng.uniform(-section.gain_db, section.gain_db, (n, 1, 1)))
        power *= self._low_pass(n, rng) * self._telephone(n, rng)
        low, high = np.log(_SELF_NOISE)
        sigma = np.exp(rng.uniform(low, high, (n, 1, 1))).astype(np.float32)
        scattered = rng.standard_gamma(self._scatter, power.shape, np.float32) / self._scatter
        power += sigma**2 * self._white * scattered
        return power

    def _window(self, clips: Floats, rng: np.random.Generator) -> Floats:
        """The context window at a random shift and speed, ``[n, context_frames, bands]``."""
        settings, n, hops = self._settings, len(clips), clips.shape[1]
        shift = self._section.shift_ms * settings.sample_rate / (1000 * settings.hop_samples)
        middle = (hops - 1) / 2 + rng.uniform(-shift, shift, (n, 1))
        speed = np.exp(rng.uniform(-1, 1, (n, 1)) * np.log1p(self._section.stretch))
        offsets = (np.arange(settings.context_frames) - (settings.context_frames - 1) / 2) * settings.context_stride
        rows = np.clip(np.rint(middle + speed * offsets), 0, hops - 1).astype(np.int64)
        return np.asarray(clips[np.arange(n)[:, None], rows], np.float32)

    def _low_pass(self, n: int, rng: np.random.Generator) -> Floats:
        """Power factors ``[n, 1, bands]`` of what a telephone, a slow codec or a low sampling rate takes away."""
        cut = _frequency(_CUT_HZ, n, rng)
        octaves = np.log2(np.maximum(self._centre_hz / cut, 1.0))
        loss = np.minimum(octaves * rng.uniform(*_DECIBELS_PER_OCTAVE, (n, 1)), _MOST_LOSS_DB)
        limited = rng.random((n, 1)) < self._section.band_limit_probability
        return _decibels(-loss * limited)[:, None, :]

    def _telephone(self, n: int, rng: np.random.Generator) -> Floats:
        """Power factors ``[n, 1, bands]`` of a telephone line, whose edges vary from one to the next."""
        low = _frequency(_TELEPHONE_LOW_HZ, n, rng)
        high = _frequency(_TELEPHONE_HIGH_HZ, n, rng)
        below = np.log2(np.maximum(low / self._centre_hz, 1.0)) * rng.uniform(*_DECIBELS_PER_OCTAVE, (n, 1))
        above = np.log2(np.maximum(self._centre_hz / high, 1.0)) * rng.uniform(*_DECIBELS_PER_OCTAVE, (n, 1))
        # the line's coarse steps are noise in proportion to the speech, where the low frequencies were too
        below = np.minimum(below, rng.uniform(*_LINE_NOISE_DB, (n, 1)))
        called = rng.random((n, 1)) < self._section.telephone_probability
        return _decibels(-np.minimum(below + above, _MOST_LOSS_DB) * called)[:, None, :]

    def _reverberate(self, clips: Floats, rng: np.random.Generator) -> Floats:
        """Adds an exponentially decaying tail to some clips."""
        wet = np.flatnonzero(rng.random(len(clips)) < self._section.reverb_probability)
        if not len(wet):
            return clips
        hop_seconds = self._settings.hop_samples / self._settings.sample_rate
        seconds = rng.uniform(0.15, 0.7, (len(wet), 1))  # reverberation time, to -60 dB
        decay = (10 ** (-6 * hop_seconds / seconds)).astype(np.float32)
        # ratio of the tail's energy to the direct sound's
        level = _decibels(rng.uniform(-12, 3, (len(wet), 1))) * (1 - decay)
        tail = np.zeros((len(wet), clips.shape[2]), np.float32)
        clips = clips.copy()
        dry = clips[wet]
        for hop in range(clips.shape[1]):
            clips[wet, hop] += level * tail
            tail = decay * tail + dry[:, hop]
        return clips

    def _add_noise(self, power: Floats, passed: Floats, rng: np.random.Generator) -> None:
        section, settings, n = self._section, self._settings, len(power)
        if not len(self._noise):
            return
        rows = np.arange(settings.context_frames) * settings.context_stride
        rows = (rng.integers(0, len(self._noise), (n, 1)) + rows) % len(self._noise)
        noise = self._noise[rows] * _equaliser(section.equaliser_db, n, settings.bands, rng)
        noise_mean = np.maximum(noise.mean(axis=(1, 2), keepdims=True), 1.0)
        snr = _decibels(rng.uniform(*section.snr_db, (n, 1, 1)))
        noisy = rng.random((n, 1, 1)) < section.noise_probability
        power += (
            passed * noise * (noisy * power.mean(axis=(1, 2), keepdims=True) / (noise_mean * snr)).astype(np.float32)
        )

    def _mask(self, codes: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
        """Sets random bands and stretches of time to the clip's mean code."""
        section, n = self._section, len(codes)
        hidden = np.zeros(codes.shape, bool)
        for count, widest, axis in (
            (section.band_masks, section.band_mask_width, 2),
            (section.time_masks, section.time_mask_width, 1),
        ):
            size = codes.shape[axis]
            for _ in range(count):
                width = rng.integers(0, min(widest, size) + 1, (n, 1))
                first = rng.integers(0, size - width + 1)
                place = np.arange(size)
                mask = (place >= first) & (place < first + width)
                hidden |= mask[:, None, :] if axis == 2 else mask[:, :, None]
        mean = np.rint(codes.mean(axis=(1, 2), keepdims=True)).astype(np.int8)
        return np.where(hidden, mean, codes)


def _decibels(db: NDArray[np.float64]) -> Floats:
    return np.asarray(10 ** (db / 10), np.float32)


def _frequency(hz: tuple[float, float], n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Frequencies ``[n, 1]`` between two, equally many an octave."""
    return np.asarray(np.exp(rng.uniform(np.log(hz[0]), np.log(hz[1]), (n, 1))))


def _equaliser(strength_db: float, n: int, bands: int, rng: np.random.Generator) -> Floats:
    """A smooth random curve over the bands for every clip, as power factors ``[n, 1, bands]``."""
    knots = rng.uniform(-strength_db, strength_db, (n, 4))
    position = np.linspace(0, 3, bands)
    left = np.minimum(position.astype(np.int64), 2)
    part = position - left
    curve = knots[:, left] * (1 - part) + knots[:, left + 1] * part
    return _decibels(curve)[:, None, :]


def _warp(power: Floats, amount: NDArray[np.float64]) -> Floats:
    """Stretches the band axis, as a longer or shorter vocal tract does: ``amount`` 0.1 moves band 10 to band 11."""
    bands = power.shape[2]
    source = np.clip(np.arange(bands) / (1 + amount[:, None]), 0, bands - 1)
    left = np.minimum(source.astype(np.int64), bands - 2)
    part = (source - left).astype(np.float32)[:, None, :]
    shape = (len(power), power.shape[1], bands)
    left = np.broadcast_to(left[:, None, :], shape)
    low = np.take_along_axis(power, left, axis=2)
    return np.asarray(low + part * (np.take_along_axis(power, left + 1, axis=2) - low), np.float32)

"""PDM with EasyDMA, and the digital microphone at its pins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.emulators.nrf52840.peripherals import Gpio, Peripheral
from pipeline.emulators.nrf52840.timers import CYCLES_PER_SECOND, Clock

Samples = NDArray[np.int16]

SAMPLE_RATE = 16_000
LOW = -32768
"""What the decimation filter makes of a data line that stays low: the least density of ones."""


@dataclass(frozen=True)
class Microphone:
    """A microphone that hears a recording, from its beginning whenever its clock starts, and silence behind its end.

    Attributes:
        sound: int16 ``[n]`` at 16 kHz, as the peripheral gives it at 0 dB of gain.
        clock, data, power: the pins it is wired to, ``32 * port + pin``; those of the Nano 33 BLE Sense if not named.
            It answers on the falling edge.
    """

    sound: Samples
    clock: int = 26
    data: int = 25
    power: int = 17


class Pdm(Peripheral):
    """PDM: the microphone's samples into RAM, buffer after buffer.

    SAMPLE.PTR and SAMPLE.MAXCNT are double-buffered: STARTED says that they were taken and may be written for the next
    transfer, which begins by itself when this one ENDs. Filters start at once here; a chip's need some 50 samples.

    Args:
        write_ram: EasyDMA's way to memory: an address and bytes.
        pins: whose configuration decides whether the microphone is heard.
        microphone: None where nothing is wired to the pins.
    """

    name = "PDM"
    irq = 29
    TASKS_START, TASKS_STOP = 0x000, 0x004
    EVENTS_STARTED, EVENTS_STOPPED, EVENTS_END = 0x100, 0x104, 0x108
    INTEN, INTENSET, INTENCLR, ENABLE, PDMCLKCTRL, MODE = 0x300, 0x304, 0x308, 0x500, 0x504, 0x508
    GAINL, GAINR, RATIO, PSEL_CLK, PSEL_DIN = 0x518, 0x51C, 0x520, 0x540, 0x544
    SAMPLE_PTR, SAMPLE_MAXCNT = 0x560, 0x564
    EVENTS = (EVENTS_STARTED, EVENTS_STOPPED, EVENTS_END)
    """In the order of their bits in INTEN."""
    stored = frozenset({ENABLE, PDMCLKCTRL, MODE, GAINL, GAINR, RATIO, PSEL_CLK, PSEL_DIN, SAMPLE_PTR, SAMPLE_MAXCNT})
    MONO, LEFT_RISING = 1 << 0, 1 << 1  # of MODE
    RATIO_64, RATIO_80 = 0, 1
    FREQ_1000K, FREQ_DEFAULT, FREQ_1067K = 0x08000000, 0x08400000, 0x08800000
    FREQ_1231K, FREQ_1280K, FREQ_1333K = 0x09800000, 0x0A000000, 0x0A800000
    DEFAULT_GAIN, MAX_GAIN = 0x28, 0x50  # half decibels, 0 dB and +20 dB
    _DIVISORS: ClassVar = {
        FREQ_1000K: 32, FREQ_DEFAULT: 31, FREQ_1067K: 30, FREQ_1231K: 26, FREQ_1280K: 25, FREQ_1333K: 24
    }  # fmt: skip
    _AFTER_RESET: ClassVar = {
        PDMCLKCTRL: FREQ_DEFAULT, GAINL: DEFAULT_GAIN, GAINR: DEFAULT_GAIN, PSEL_CLK: 0xFFFFFFFF, PSEL_DIN: 0xFFFFFFFF
    }  # fmt: skip
    _CYCLES_OF_32_MHZ = CYCLES_PER_SECOND // 32_000_000

    def __init__(
        self, clock: Clock, write_ram: Callable[[int, bytes], None], pins: Gpio, microphone: Microphone | None
    ) -> None:
        super().__init__()
        self._clock = clock
        self._write_ram = write_ram
        self._pins = pins
        self._microphone = microphone
        self.reset()

    def reset(self) -> None:
        self.registers = dict(self._AFTER_RESET)
        self._events = dict.fromkeys(self.EVENTS, 0)
        self._interrupts = 0
        self._running = self._stopping = False
        self._since = 0  # cycle at which the clock started
        self._given = 0  # words since then; a word is 16 bits
        self._pointer = self._left = 0  # of the transfer in progress

    @property
    def hears(self) -> bool:
        """Whether the recording still goes on, or its end is on the way to the application."""
        if not self._running or self._microphone is None:
            return False
        two_buffers = 2 * self.registers.get(self.SAMPLE_MAXCNT, 0)
        return int(self._source(np.array(self._given))) < len(self._microphone.sound) + two_buffers

    def read(self, offset: int) -> int:
        if offset in self.EVENTS:
            self.advance()
            return self._events[offset]
        if offset in (self.INTEN, self.INTENSET, self.INTENCLR):
            return self._interrupts
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self.advance()
        if offset == self.TASKS_START:
            if self.registers.get(self.ENABLE) and not self._running:
                self._running, self._stopping = True, False
                self._since, self._given = self._clock.now(), 0
                self._begin_transfer()
        elif offset == self.TASKS_STOP:
            self._stopping = self._running
        elif offset in self.EVENTS:
            self._events[offset] = value
        elif offset == self.INTEN:
            self._interrupts = value
        elif offset == self.INTENSET:
            self._interrupts |= value
        elif offset == self.INTENCLR:
            self._interrupts &= ~value
        else:
            super().write(offset, value)
            if offset == self.ENABLE and not value:
                self._running = False
        self.changed()

    def pending(self) -> bool:
        return any(self._events[event] and self._interrupts & 1 << bit for bit, event in enumerate(self.EVENTS))

    def deadline(self) -> int | None:
        if not self._running:
            return None
        ahead = self._channels if self._stopping else self._left
        samples = -(-(self._given + ahead) // self._channels)
        return self._since + samples * self._cycles_per_sample

    def advance(self) -> None:
        if not self._running:
            return
        due = (self._clock.now() - self._since) // self._cycles_per_sample * self._channels
        if self._stopping:
            due = min(due, -(-(self._given + 1) // self._channels) * self._channels)
        while self._running and self._given < due:
            count = min(due - self._given, self._left)
            self._write_ram(self._pointer, self._words(count).astype("<i2").tobytes())
            self._given += count
            self._pointer += 2 * count
            self._left -= count
            if self._stopping and self._given == due:
                self._events[self.EVENTS_END] = self._events[self.EVENTS_STOPPED] = 1
                self._running = self._stopping = False
            elif not self._left:
                self._events[self.EVENTS_END] = 1
                self._begin_transfer()

    def _begin_transfer(self) -> None:
        self._pointer = self.registers.get(self.SAMPLE_PTR, 0)
        self._left = max(1, self.registers.get(self.SAMPLE_MAXCNT, 0))
        self._events[self.EVENTS_STARTED] = 1

    @property
    def _channels(self) -> int:
        return 1 if self.registers.get(self.MODE, 0) & self.MONO else 2

    @property
    def _cycles_per_sample(self) -> int:
        ratio = 80 if self.registers.get(self.RATIO) == self.RATIO_80 else 64
        divisor = self._DIVISORS.get(self.registers[self.PDMCLKCTRL], self._DIVISORS[self.FREQ_DEFAULT])
        return self._CYCLES_OF_32_MHZ * divisor * ratio

    def _source(self, words: NDArray[np.int64]) -> NDArray[np.int64]:
        """Samples of the recording that sound while words are taken: another rate hears it faster or slower."""
        step = Fraction(self._cycles_per_sample * SAMPLE_RATE, CYCLES_PER_SECOND)
        return words // self._channels * step.numerator // step.denominator

    def _words(self, count: int) -> Samples:
        """The next words: left and right in turn where it is not mono."""
        words = np.arange(self._given, self._given + count, dtype=np.int64)
        rising = bool(self.registers.get(self.MODE, 0) & self.LEFT_RISING)
        heard = np.full(count, LOW, np.int16)
        if self._microphone is not None and self._is_wired(self._microphone):
            wanted = self._source(words)
            sound = np.asarray(self._microphone.sound[wanted[0] : wanted[-1] + 1])
            sound = np.pad(sound, (0, wanted[-1] + 1 - wanted[0] - len(sound)))[wanted - wanted[0]]
            mine = words % self._channels == rising  # it answers on the falling edge alone
            gain = self.registers[self.GAINR if rising else self.GAINL]
            heard[mine] = _amplified(sound, gain - self.DEFAULT_GAIN)[mine]
        return heard

    def _is_wired(self, microphone: Microphone) -> bool:
        """Whether the microphone has power, gets the clock, and its data line is listened to."""
        return (
            self._pins.driven(microphone.power) is True
            and self.registers[self.PSEL_CLK] == microphone.clock
            and self._pins.driven(microphone.clock) is not None
            and self.registers[self.PSEL_DIN] == microphone.data
            and self._pins.is_input(microphone.data)
        )


def _amplified(sound: Samples, half_decibels: int) -> Samples:
    if half_decibels == 0:
        return sound
    amplified: Samples = np.clip(np.rint(sound * 10 ** (half_decibels / 40)), -32768, 32767).astype(np.int16)
    return amplified

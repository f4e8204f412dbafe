"""The peripherals' registers, one by one, on a clock that the test turns."""

from __future__ import annotations

import pytest

from pipeline.emulators.nrf52840.core import CycleCounter, SystemControl
from pipeline.emulators.nrf52840.peripherals import Gpio, Nvmc, PowerAndClock, UnmodelledRegister
from pipeline.emulators.nrf52840.timers import Clock, Timer, Watchdog
from pipeline.emulators.nrf52840.uart import Uart


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: 0)


def test_timer_counts_captures_and_fires_once(clock: Clock) -> None:
    timer = Timer(0, clock)
    timer.write(0x510, 0)  # 16 MHz: 4 cycles a tick
    timer.write(0x540, 1000)
    timer.write(0x304, 1 << 16)
    timer.write(0x000, 1)
    clock.slept = 3999
    timer.write(0x044, 1)
    assert timer.read(0x544) == 999
    assert timer.deadline() == 4000
    assert not timer.pending()
    clock.slept = 4000
    timer.advance()
    assert timer.pending()
    timer.write(0x140, 0)
    assert not timer.pending()
    assert timer.deadline() is None  # the counter has passed CC


def test_timer_short_clears_and_repeats(clock: Clock) -> None:
    timer = Timer(1, clock)
    for offset, value in ((0x510, 0), (0x540, 100), (0x200, 1), (0x304, 1 << 16), (0x000, 1)):
        timer.write(offset, value)
    for period in range(1, 4):
        clock.slept = 400 * period
        timer.advance()
        assert timer.pending()
        timer.write(0x140, 0)
    assert timer.deadline() == 1600


def test_stopped_timer_holds_its_count(clock: Clock) -> None:
    timer = Timer(0, clock)
    timer.write(0x510, 0)
    timer.write(0x000, 1)
    clock.slept = 400
    timer.write(0x004, 1)
    clock.slept = 4000
    timer.write(0x040, 1)
    assert timer.read(0x540) == 100


def test_watchdog_expires_unless_fed_and_locks_its_settings(clock: Clock) -> None:
    watchdog = Watchdog(clock)
    assert watchdog.deadline() is None
    watchdog.write(0x504, 32_768 - 1)  # a second
    watchdog.write(0x000, 1)
    watchdog.write(0x504, 0xFFFFFFFF)  # too late
    clock.slept = 63_000_000
    watchdog.write(0x600, 0x6E524635)
    clock.slept = 126_999_999
    watchdog.write(0x600, 0x12345678)  # not the word
    watchdog.write(0x000, 1)  # a start that it already had feeds nothing
    assert not watchdog.expired()
    clock.slept = 127_000_000
    assert watchdog.expired()


def test_watchdog_may_pause_in_sleep(clock: Clock) -> None:
    watchdog = Watchdog(clock)
    watchdog.write(0x504, 32_768 - 1)
    watchdog.write(0x50C, 0)
    watchdog.write(0x000, 1)
    clock.slept = 640_000_000
    watchdog.slept(640_000_000)
    assert not watchdog.expired()


def start(uart: Uart, **other: int) -> None:
    """Sets the UART up as the Nano 33 BLE wants it, but for ``other`` registers, and starts it."""
    settings = {"PSELTXD": 35, "PSELRXD": 42, "BAUDRATE": 0x01D7E000, "ENABLE": 4, "INTENSET": 4, **other}
    for name, value in settings.items():
        uart.write(getattr(Uart, name), value)
    for task in (Uart.TASKS_STARTRX, Uart.TASKS_STARTTX):
        uart.write(task, 1)


@pytest.mark.parametrize(
    ("other", "crystal", "sent", "received"),
    [
        ({}, True, b"x", ord("y")),
        ({"PSELTXD": 36}, True, b"", ord("y")),
        ({"PSELTXD": 3}, True, b"", ord("y")),  # the same pin of the other port
        ({"PSELRXD": 35}, True, b"x", 0),
        ({"BAUDRATE": 0x00275000}, True, bytes([ord("x") ^ 0x81]), ord("y") ^ 0x81),
        ({"ENABLE": 8}, True, b"", 0),  # the UARTE's
        ({}, False, bytes([ord("x") ^ 0x81]), ord("y") ^ 0x81),
    ],
)
def test_uart_needs_its_pins_its_rate_and_the_crystal(
    clock: Clock, other: dict[str, int], crystal: bool, sent: bytes, received: int
) -> None:
    line = bytearray()
    uart = Uart(clock, line.append, on_crystal=lambda: crystal)
    start(uart, **other)
    uart.write(Uart.TXD, ord("x"))
    uart.receive(b"y")
    assert (bytes(line), uart.read(Uart.RXD)) == (sent, received)


def test_uart_delivers_in_bursts_and_raises_its_line(clock: Clock) -> None:
    sent = bytearray()
    uart = Uart(clock, sent.append)
    uart.receive(b"lost")  # the receiver is off
    start(uart)
    uart.receive(bytes(range(100)))
    taken = bytearray()
    while uart.pending():
        uart.write(0x108, 0)
        taken.append(uart.read(0x518))
    assert taken == bytes(range(6))  # the FIFO
    assert uart.deadline() == 6 * Uart.CYCLES_PER_BYTE
    clock.slept = 6 * Uart.CYCLES_PER_BYTE
    uart.advance()
    assert uart.pending()
    uart.write(0x51C, ord("x"))
    assert uart.read(0x11C) == 1
    assert sent == b"x"


def test_uart_sends_at_115200_baud_and_loses_what_is_written_meanwhile(clock: Clock) -> None:
    sent = bytearray()
    uart = Uart(clock, sent.append)
    start(uart)
    uart.write(Uart.TXD, ord("a"))
    clock.slept = 5554  # 10 bits are 5,555.6 cycles
    uart.write(Uart.TXD, ord("b"))
    assert uart.read(Uart.EVENTS_TXDRDY) == 1
    assert (clock.waited, clock.now()) == (1, 5555)
    uart.write(Uart.EVENTS_TXDRDY, 0)
    assert uart.read(Uart.EVENTS_TXDRDY) == 0  # nothing is on its way
    uart.write(Uart.TXD, ord("c"))
    clock.slept += 5555
    uart.write(Uart.TXD, ord("d"))  # in time, though it did not ask
    assert sent == b"acd"


def test_nvmc_erases_and_enables_writes_only_when_told() -> None:
    enabled: list[bool] = []
    erased: list[int] = []
    nvmc = Nvmc(enabled.append, erased.append)
    nvmc.write(0x508, 0x20000)
    assert erased == []
    nvmc.write(0x504, 2)
    nvmc.write(0x508, 0x20000)
    nvmc.write(0x504, 1)
    nvmc.write(0x504, 0)
    assert (erased, enabled) == ([0x20000], [False, True, False])
    assert nvmc.read(0x400) == 1


def test_gpio_sets_and_clears_both_ports() -> None:
    gpio = Gpio()
    for base in (0, 0x300):
        gpio.write(base + 0x508, 0b1010)
        gpio.write(base + 0x50C, 0b0010)
        assert gpio.read(base + 0x504) == 0b1000
    gpio.write(0x300 + 0x728, 0xC)  # P1.10
    assert gpio.read(0x300 + 0x728) == 0xC
    assert gpio.read(0x728) == 2


def test_clock_starts_and_the_reset_reason_clears_by_ones() -> None:
    power = PowerAndClock()
    assert not power.on_crystal
    power.write(0x000, 1)
    assert power.on_crystal
    assert power.read(0x100) == 1
    power.reset_reason = 0b110
    power.write(0x400, 0b010)
    assert power.read(0x400) == 0b100


def test_cycle_counter_is_set_and_stops() -> None:
    now = 100
    counter = CycleCounter(lambda: now)
    assert counter.read(4) == 0
    counter.write(0, 1)
    counter.write(4, 0xFFFFFFFF)
    now += 3
    assert counter.read(4) == 2
    counter.write(0, 0)
    now += 50
    assert counter.read(4) == 2


def test_the_cycle_counter_stands_still_in_sleep_and_runs_while_the_core_waits(clock: Clock) -> None:
    counter = CycleCounter(clock.awake)
    counter.write(0, 1)
    clock.slept += 1000
    clock.waited += 30
    assert counter.read(4) == 30
    assert clock.now() == clock.skipped() == 1030


def test_interrupt_controller_takes_the_lowest_enabled_line(clock: Clock) -> None:
    resets: list[None] = []
    system = SystemControl(lambda: resets.append(None))
    system.write(0x200, 1 << 9 | 1 << 4)
    assert system.next_interrupt([]) is None
    system.write(0x100, 1 << 9 | 1 << 4)
    assert system.next_interrupt([]) == 16 + 4
    system.acknowledge(16 + 4)
    assert system.next_interrupt([]) == 16 + 9
    system.write(0xD0C, 0x00000004)  # without the key
    assert resets == []
    system.write(0xD0C, 0x05FA0004)
    assert len(resets) == 1


@pytest.mark.parametrize("peripheral", [Gpio(), PowerAndClock(), Uart(Clock(lambda: 0), lambda byte: None)])
def test_registers_that_are_not_modelled_are_named(peripheral: object) -> None:
    with pytest.raises(UnmodelledRegister, match=f"0xffc of {peripheral.name}"):  # type: ignore[attr-defined]
        peripheral.read(0xFFC)  # type: ignore[attr-defined]
    with pytest.raises(UnmodelledRegister):
        peripheral.write(0xFFC, 1)  # type: ignore[attr-defined]

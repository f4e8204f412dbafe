"""What a report says of the device: its image, its memory, its layers, and what listening costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerRow:
    """One layer at one step of the network; ``time``, in the device's unit, is None where the target has no counter."""

    name: str
    kind: str
    inputs: int
    outputs: int
    bits: int
    weight_bytes: int
    parameter_bytes: int
    state_bytes: int
    macs: int
    time: float | None

    @property
    def time_per_mac(self) -> float | None:
        """None without a counter, or where nothing is multiplied."""
        return None if self.time is None or not self.macs else self.time / self.macs


@dataclass(frozen=True)
class DeviceRow:
    """The image and the machine that ran it. Sizes in bytes, times in ``unit``: instructions or cycles.

    Attributes:
        time_per_inference: of a whole clip from reset on; None where the target has no counter.
        flash_bytes: of the image; ``model_flash_bytes`` of them weights and parameters, of which ``model_ram_bytes``
            are copied to RAM at start-up.
        flash_waits: cycles a step that reading them costs where they are not, by the model of ``pipeline/flash.py``.
    """

    target: str
    description: str
    cpu: str
    variant: str
    engine: str
    unit: str
    time_per_inference: float | None
    flash_bytes: int
    flash_limit: int
    model_flash_bytes: int
    model_ram_bytes: int
    flash_waits: int

    @property
    def code_flash_bytes(self) -> int:
        """All of the image but the model: code, tables, initial values."""
        return self.flash_bytes - self.model_flash_bytes


@dataclass(frozen=True)
class RamRow:
    """RAM of the image in bytes: ``total`` is what it takes, everything else a share of that.

    Attributes:
        static_bytes: data, zeroed data and data kept over resets.
        stack_bytes: reserved for the stack; 0 where the system owns it.
        stack_used: the most of it ever used; None where the system owns it.
        network_bytes: share of ``static_bytes`` that the engine needs: window, activations, states, scratch or arena,
            and weights that were copied.
        state_bytes: share of ``network_bytes`` that layers keep from step to step.
        limit: that the board has.
    """

    static_bytes: int
    stack_bytes: int
    stack_used: int | None
    network_bytes: int
    state_bytes: int
    limit: int

    @property
    def total(self) -> int:
        """RAM of the image: the one number for it."""
        return self.static_bytes + self.stack_bytes

    @property
    def application_bytes(self) -> int:
        """Static RAM beside the network: front end, detector, protocol, serial buffers."""
        return self.static_bytes - self.network_bytes


@dataclass(frozen=True)
class Cost:
    """One part of listening; times in the device's unit.

    Attributes:
        per_step: time for each step of the network.
        per_second: time for each second of audio.
        share: of the core's clock.
    """

    name: str
    per_step: float
    per_second: float
    share: float


@dataclass(frozen=True)
class ListeningRow:
    """What continuous listening cost over a stretch of audio. Times, in ``unit``, are totals over the stretch.

    Attributes:
        seconds: length of the audio.
        steps: of the network in it.
        clock_hz: of the core that the shares are of; ``clock_name`` says whose.
        flash_waits: cycles that reading weights from flash takes besides; 0 where they lie in RAM, and where ``unit``
            is cycles, which hold them.
    """

    unit: str
    clock_hz: int
    clock_name: str
    seconds: float
    steps: int
    frontend: float
    network: float
    detector: float
    flash_waits: float

    @property
    def parts(self) -> tuple[Cost, ...]:
        """Front end, network, detector, and where there are any, waits for flash; then all of them."""
        times = {"front end": self.frontend, "network": self.network, "detector": self.detector}
        if self.flash_waits:
            times["waits for weights in flash"] = self.flash_waits
        return tuple(self._cost(name, time) for name, time in {**times, "all": sum(times.values())}.items())

    @property
    def share(self) -> float:
        """Of the core's clock that listening takes: with ``unit`` instructions, if each took one cycle; and waits."""
        return self.parts[-1].share

    @property
    def step_ms(self) -> float:
        """Milliseconds of audio from one step to the next."""
        return 1e3 * self.seconds / self.steps

    def _cost(self, name: str, time: float) -> Cost:
        per_second = time / self.seconds
        return Cost(name, time / self.steps, per_second, per_second / self.clock_hz)

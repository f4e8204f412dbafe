"""The doctor finds what is there, and names what is not with the way to get it."""

from __future__ import annotations

from types import SimpleNamespace

from pipeline import doctor


def test_this_machine_can_build():
    found = {check.name: check for check in doctor.examine()}
    assert found["arm-none-eabi-gcc"].ok
    assert "GNU" in found["gcc"].found or "gcc" in found["gcc"].found
    assert found["platformio"].found == "6.2.0"


def test_missing_program(monkeypatch):
    monkeypatch.setenv("PATH", "")
    missing = {check.name: check for check in doctor.examine() if not check.ok}
    assert set(missing) == {"gcc", "arm-none-eabi-gcc", "qemu-system-arm", "flite"}
    assert all("apt-get install" in check.hint for check in missing.values())


def test_port_without_permission(monkeypatch, tmp_path):
    port = tmp_path / "ttyACM0"
    port.touch()
    board = SimpleNamespace(device=str(port), vid=0x2341, description="Nano 33 BLE", serial_number="ABC")
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [board])
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    check = list(doctor.examine())[-1]
    assert not check.ok
    assert "usermod -aG" in check.hint
    monkeypatch.undo()
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [board])
    assert "ABC" in list(doctor.examine())[-1].found

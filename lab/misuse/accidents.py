"""What happens to commands that were right: damaged caches, full disks, readers that go away, signals."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from lab.misuse.case import Case, Command, Situation


def cache(at: Situation) -> Case:
    """A file of a finished run is changed, cut, lost, or a folder: the run is made again, as far as is needed."""
    out, kept = (Path(shutil.copytree(source, at.folder / source.name)) for source in (at.place.out, at.place.cache))
    path = at.rng.choice(sorted(path for root in (out, kept) for path in root.rglob("*") if path.is_file()))
    data = path.read_bytes()
    where = at.rng.randrange(max(len(data), 1))
    what = at.rng.choice(("changed", "cut", "lost", "a folder"))
    if what == "changed" and data:
        path.write_bytes(data[:where] + bytes([data[where] ^ 0x55]) + data[where + 1 :])
    elif what == "cut":
        path.write_bytes(data[:where])
    else:
        path.unlink()
        if what == "a folder":
            path.mkdir()
    # a folder where a report belongs is the user's to remove; a stage's own files are made again
    ending = "any" if what == "a folder" and path.parent == out else "well"
    return Case(f"{path.relative_to(at.folder)} is {what}", at.place.run(out, kept), ending)  # type: ignore[arg-type]


def full_disk(at: Situation) -> Case:
    """No file may become larger than some size: writing fails somewhere."""
    size = at.rng.choice((0, 200, 2_000, 20_000, 60_000))
    command: Command = at.place.run(at.folder / "out", at.folder / "cache")
    if at.rng.random() < 0.5:
        command = at.rng.choice(
            (
                ("pipeline.build", "export", str(at.place.model), "--out", str(at.folder / "c")),
                ("pipeline.build", "export", str(at.place.model), "--out", str(at.folder / "l"), "--format", "cmake"),
                ("pipeline.build", "runner", str(at.place.model), "--data", str(at.place.data), "--microseconds", "9",
                 "--out", str(at.folder / "r"), "--cache", str(at.folder / "cache")),
            )
        )  # fmt: skip
        size = min(size, 100)
    return Case(f"no file over {size} bytes: {' '.join(command[:2])}", command, file_bytes=size)


def interrupted(at: Situation) -> Case:
    """Ctrl-C at any moment, often an early one; the same command then ends well."""
    command = at.place.run(at.folder / "out", at.folder / "cache")
    short: tuple[Command, ...] = (
        ("pipeline.build", "doctor"),
        ("pipeline.build", "--help"),
        ("pipeline.build", "export", str(at.place.model), "--out", str(at.folder / "c")),
        ("pipeline.listen", str(next(at.place.data.glob("low/*.wav"))), "--model", str(at.place.model)),
    )
    if at.rng.random() < 0.6:
        return Case("Ctrl-C", at.rng.choice(short), "any", signal=signal.SIGINT, after=3 * at.rng.random() ** 2)
    after = at.place.seconds * at.rng.random() ** 2
    return Case("Ctrl-C in a build", command, "any", signal=signal.SIGINT, after=after, again=command)


def killed(at: Situation) -> Case:
    """kill -9 at any moment; the same command then ends well."""
    command = at.place.run(at.folder / "out", at.folder / "cache")
    after = at.place.seconds * at.rng.random()
    return Case("kill -9 in a build", command, "any", signal=signal.SIGKILL, after=after, again=command)


def stuck(at: Situation) -> Case:
    """A place to write to that is not writable, as it is taken by a folder or a file."""
    taken = at.folder / "taken"
    taken.mkdir()
    model, sound = str(at.place.model), str(next(at.place.data.glob("low/*.wav")))
    (taken / "kws_model.c").mkdir()
    (at.folder / "loop").symlink_to(at.folder / "loop")
    long = str(at.folder / ("x" * 300))
    loop = str(at.folder / "loop")
    commands: tuple[Command, ...] = (
        ("pipeline.build", "export", model, "--out", str(taken)),
        ("pipeline.build", "export", model, "--out", long),
        ("pipeline.build", "export", model, "--out", loop),
        ("pipeline.listen", sound, "--model", model, "--page", str(taken)),
        ("pipeline.listen", sound, "--model", model, "--page", long),
        ("pipeline.listen", loop, "--model", model),
        ("pipeline.listen", os.devnull, "--model", model),
        ("pipeline.build", "--recipe", str(at.place.recipe), "--data", loop, "--out", str(at.folder / "out")),
        ("pipeline.build", "--recipe", str(at.place.recipe), "--data", str(at.place.data), "--out", long),
        ("pipeline.build", "--recipe", str(at.place.recipe), "--data", str(at.place.data), "--out", loop),
        ("pipeline.build", "--recipe", long),
        ("pipeline.build", "--model", long),
        ("pipeline.build", "--model", str(taken)),
        ("pipeline.build", "compare", long, loop),
    )
    command = at.rng.choice(commands)
    return Case(" ".join(command), command)

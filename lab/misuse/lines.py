"""Command lines that cannot be carried out."""

from __future__ import annotations

import json

from lab.misuse.case import Case, Command, Situation


def line(at: Situation) -> Case:
    """One of the command lines below."""
    command = at.rng.choice(_lines(at))
    return Case(" ".join(command), command)


def _lines(at: Situation) -> list[Command]:
    place, folder = at.place, at.folder
    model, data, sound = str(place.model), str(place.data), str(next(place.data.glob("low/*.wav")))
    out, absent, file = str(folder / "out"), str(folder / "absent"), str(folder / "file")
    words = folder / "words.json"
    (folder / "file").write_text("nothing")
    words.write_text(json.dumps(["not", "a", "report"]))
    (folder / "empty").mkdir()
    build, train = ("pipeline.build", "--out", out), ("pipeline.build", "train", "--out", out)
    own = ("--recipe", str(place.recipe), "--data", data)
    listen = ("pipeline.listen", sound, "--model", model)
    tested = (*build, "--model", model, "--data", data, "--cache", str(place.cache))
    keywords = (
        "",
        ",",
        " , ",
        "../up",
        "a/b",
        "low,low",
        "low,,LOW",
        "_silence_",
        "\U0001f600",
        "low;high",
        "--",
        "a" * 5000,
    )
    return [
        *((*build, "--keywords", words) for words in keywords),
        *((*build, "--data", data, "--keywords", words) for words in ("absent", "lou", "low high")),
        (*build, "--data", data),
        (*build, "--data", file, "--keywords", "low"),
        (*build, "--recipe", "absent"),
        (*build, "--recipe", absent + ".toml"),
        (*build, "--recipe", data),
        (*build, "--recipe", "synthetic", "--data", data),
        (*build, "--recipe", "", "--data", data),
        (*build, "--weight-bits", "3"),
        (*build, "--weight-bits", "four"),
        (*build, "--target", "nano34"),
        (*build, "--engine", "tflm"),
        (*build, "--tflm-root", absent),
        (*build, "--engine", "tflm", "--tflm-root", absent),
        (*build, "--budget", "0"),
        (*build, "--budget", "-1"),
        (*build, "--budget", "much"),
        (*build, "--port", "/dev/absent", "--usb-serial", "X"),
        (*build, "--flash"),
        (*build, "--target", "nano33", "--flash", "--probe", "X"),
        (*build, "--hardware-map", absent),
        (*build, "--hardware-map", file),
        (*build, "--hardware-map", file, "--port", "/dev/absent"),
        (*build, "--model", absent),
        (*build, "--model", model, "--keywords", "low"),
        (*build, "--model", model, "--baseline", "wake_words_perceptron"),
        (*build, "--model", model, "--data", absent),
        (*build, "--model", model, "--test-data", absent),
        (*build, "--no-such-option"),
        (*build, "no-such-command"),
        ("pipeline.build", *own, "--out", file),
        ("pipeline.build", *own, "--out", file + "/below"),
        ("pipeline.build", *own, "--out", out, "--cache", file),
        (*build, *own, "--cache", str(place.cache), "--baseline", "absent"),
        (*train, *own, "--cache", str(folder / "c"), "--negatives", absent),
        (*train, *own, "--cache", str(folder / "c"), "--negatives", str(folder / "empty")),
        (*train, *own, "--cache", str(folder / "c"), "--negatives", file),
        (*train, *own, "--cache", str(folder / "c"), "--test-data", absent),
        (*tested, "--target", "nano33", "--port", "/dev/absent"),
        (*tested, "--target", "nano33", "--usb-serial", "absent", "--flash"),
        (*tested, "--target", "nano33", "--port", "socket://127.0.0.1:1"),
        (*tested, "--engine", "tflm", "--tflm-root", absent),
        ("pipeline.build", "export", model),
        ("pipeline.build", "export", absent, "--out", out),
        ("pipeline.build", "export", model, "--out", file),
        ("pipeline.build", "export", model, "--out", out, "--core", "m99"),
        ("pipeline.build", "export", model, "--out", out, "--format", "zip"),
        ("pipeline.build", "export", model, "--out", data, "--format", "cmake"),
        ("pipeline.build", "export", model, "--out", out, "--arena-bytes", "-1", "--format", "tflm"),
        *(
            ("pipeline.build", "runner", model, "--data", data, "--out", out, "--microseconds", value)
            for value in ("-5", "0", "nan", "inf", "1e12", "quick")
        ),
        ("pipeline.build", "runner", model, "--data", absent, "--out", out, "--microseconds", "2300"),
        ("pipeline.build", "compare", absent, absent),
        ("pipeline.build", "compare", file, file),
        ("pipeline.build", "compare", str(words), str(words)),
        ("pipeline.build", "compare", data, data),
        ("pipeline.build", "compare", model, model),
        ("pipeline.listen", absent, "--model", model),
        ("pipeline.listen", file, "--model", model),
        ("pipeline.listen", str(folder / "empty"), "--model", model),
        ("pipeline.listen", "", "--model", model),
        ("pipeline.listen", sound),
        (*listen, "--threshold", "0"),
        (*listen, "--threshold", "2"),
        (*listen, "--threshold", "nan"),
        (*listen, "--gain", "3"),
        (*listen, "--port", "/dev/absent"),
        (*listen, "--target", "nano33", "--threshold", "0.5"),
        (*listen, "--microphone"),
        (*listen, "--target", "qemu", "--microphone"),
        (*listen, "--page", file + "/page.html"),
        ("pipeline.listen", "board", "--model", model),
        ("pipeline.listen", "board", "--model", model, "--target", "nano33"),
        ("pipeline.tune", "--model", absent),
        ("pipeline.tune", "--model", model, "--data", absent),
        ("pipeline.tune", "--model", model, "--data", data, "--hours", "-1"),
        ("pipeline.tune", "--model", model, "--data", data, "--budget", "0"),
        ("pipeline.tune", "--model", model, "--data", data, "--seed", "-1"),
        ("pipeline.tune", "--model", model, "--data", data, "--negatives", absent, "--hours", "0", "--out", out),
        ("pipeline.board", "start", "nano34"),
        ("pipeline.board", "start", "nano33", "--image", absent),
        ("pipeline.board", "start", "nano33", "--image", file),
        ("pipeline.board", "start", "nano33", "--image", model),
        ("pipeline.board", "start", "nano33", "--image", str(place.image)),
        ("pipeline.board", "start", "qemu", "--image", file),
        ("pipeline.board", "start", "nano33", "--microphone", absent, "--image", str(place.image)),
        ("pipeline.board", "flash", absent, "--probe", "any"),
        ("pipeline.board", "flash", file, "--usb-serial", "absent"),
        ("pipeline.board", "flash", file, "--usb-serial", "a", "--probe", "b"),
        ("pipeline.board",),
        ("pipeline.record", "low"),
        ("pipeline.record", "low", "--speaker", ""),
        ("pipeline.record", "low", "--speaker", "a", "--clips", "0"),
        ("pipeline.record", "low", "--speaker", "a", "--split", "other"),
        ("pipeline.record", "low", "--speaker", "a", "--data", out, "--yes"),
    ]

"""Compiling C for the host: caching, concurrency, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline._native import compile_library, compiler
from pipeline.errors import ToolchainError


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DYNQ_CACHE", str(tmp_path / "cache"))
    compiler.compile_library.cache_clear()
    path = tmp_path / "answer.c"
    path.write_text('#include "answer.h"\nint answer(void) { return ANSWER; }\n')
    (tmp_path / "answer.h").write_text("#define ANSWER 42\nint answer(void);\n")
    return path


def built(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "native").glob("*"))


def test_builds_once_and_again_after_an_edit_of_a_header(source, tmp_path):
    assert compile_library("answer", (source,), "int answer(void);").lib.answer() == 42
    (first,) = built(tmp_path)
    stamp = (first / "library.so").stat().st_mtime_ns
    compiler.compile_library.cache_clear()
    assert compile_library("answer", (source,), "int answer(void);").lib.answer() == 42
    assert (first / "library.so").stat().st_mtime_ns == stamp
    (tmp_path / "answer.h").write_text("#define ANSWER 43\nint answer(void);\n")
    compiler.compile_library.cache_clear()
    assert compile_library("answer", (source,), "int answer(void);").lib.answer() == 43
    assert len(built(tmp_path)) == 2


def test_a_damaged_library_is_built_again(source, tmp_path):
    library = compile_library("answer", (source,), "int answer(void);").path
    whole = library.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        library.unlink()  # a new file, as the old one is mapped
        library.write_bytes(damaged)
        compiler.compile_library.cache_clear()
        assert compile_library("answer", (source,), "int answer(void);").lib.answer() == 42
        assert library.read_bytes() == whole


def test_flags_make_another_library(source, tmp_path):
    compile_library("answer", (source,), "int answer(void);")
    compile_library("answer", (source,), "int answer(void);", ("-O0",))
    assert len(built(tmp_path)) == 2


def test_sources_may_be_read_only(source, tmp_path):
    source.chmod(0o444)
    assert compile_library("answer", (source,), "int answer(void);").lib.answer() == 42


def test_processes_at_once_do_not_disturb_each_other(source, tmp_path):
    program = (
        "from pathlib import Path; from pipeline._native import compile_library; "
        f"print(compile_library('answer', (Path({str(source)!r}),), 'int answer(void);').lib.answer())"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", program], **pipes) for _ in range(3)]
    assert [process.communicate(timeout=120) for process in running] == [("42\n", "")] * 3
    assert len(built(tmp_path)) == 1


def test_what_does_not_compile_is_an_error_with_the_compilers_words(source, tmp_path):
    source.write_text("int answer(void) { return nonsense; }\n")
    with pytest.raises(ToolchainError, match="nonsense"):
        compile_library("answer", (source,), "int answer(void);")
    assert all(path.suffix == ".partial" for path in built(tmp_path))


def test_no_compiler_is_an_error_with_a_hint(source, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    compiler.compiler.cache_clear()
    try:
        with pytest.raises(ToolchainError, match="no C compiler") as error:
            compile_library("answer", (source,), "int answer(void);")
        assert "apt-get" in error.value.hint
    finally:
        compiler.compiler.cache_clear()

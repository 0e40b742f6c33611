"""Vosk's matrix library is told what the processor can do, and nobody else is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kiosk.voice.processor import ASKED, CPU_INFO, best_kernels
from tests.voice.conftest import CHECKOUT

OLD = "flags\t\t: fpu sse sse2 ssse3"
MINI_PC = f"processor\t: 0\n{OLD} avx avx2 fma\nprocessor\t: 1\n{OLD} avx avx2 fma\n"
SERVER = f"{OLD} avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl\n"


@pytest.mark.parametrize(
    ("cpu_info", "kernels"),
    [(SERVER, "SkylakeX"), (MINI_PC, "Haswell"), (OLD, None), ("", None),
     ("Features\t: fp asimd\n", None), (SERVER.replace("avx512vl", ""), "Haswell")],
)  # fmt: skip
def test_the_best_that_the_processor_can_do(cpu_info: str, kernels: str | None) -> None:
    assert best_kernels(cpu_info) == kernels


@pytest.mark.parametrize("asked", [None, "Nehalem"])
def test_the_library_takes_them_and_no_other_program_hears_of_it(asked: str | None) -> None:
    best = best_kernels(CPU_INFO.read_text())
    if best is None:
        pytest.skip("this processor is for the library to judge")
    environment = {name: value for name, value in os.environ.items() if name != ASKED}
    if asked:
        environment[ASKED] = asked
    done = subprocess.run(
        [sys.executable, "-c",
         f"import os, kiosk.voice.recogniser; print('left:', os.environ.get({ASKED!r}))"],
        cwd=CHECKOUT, env={**environment, "OPENBLAS_VERBOSE": "2"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"Core: {asked or best}" in done.stdout + done.stderr
    assert f"left: {asked}" in done.stdout

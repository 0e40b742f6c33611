"""Which of its kernels Vosk's matrix library should take on this processor.

The library in Vosk's wheel is of 2022 and goes by the processor's model. One that is newer than it
gets the code for processors of 2004, and hearing takes half as long again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ASKED = "OPENBLAS_CORETYPE"
CPU_INFO = Path("/proc/cpuinfo")
_KERNELS = (  # best first: what they need
    ("SkylakeX", {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"}),
    ("Haswell", {"avx2", "fma"}),
)


def best_kernels(cpu_info: str) -> str | None:
    """By what the processor can do; None where the library may choose."""
    lines = (line.partition(":") for line in cpu_info.splitlines())
    able = next((set(value.split()) for key, _, value in lines if key.strip() == "flags"), set())
    return next((name for name, needed in _KERNELS if needed <= able), None)


@contextmanager
def kernels_named() -> Iterator[None]:
    """While the library is loaded; for no other and no program that is started later. Whoever set
    the variable themselves keeps their choice."""
    try:
        name = best_kernels(CPU_INFO.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        name = None
    if name is None or ASKED in os.environ:
        yield
        return
    os.environ[ASKED] = name
    try:
        yield
    finally:
        del os.environ[ASKED]

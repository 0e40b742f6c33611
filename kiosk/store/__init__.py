"""What must not be lost: SQLite through sqlite-utils, encrypted by SQLCipher.

sqlite-utils loads NumPy wherever it finds it, only to know its column types, which the kiosk has no
use for: 16 MB and a fifth of a second in each of three processes. So it finds none.
"""

import sys

if "numpy" not in sys.modules:
    sys.modules["numpy"] = None  # type: ignore[assignment]  # an import of it fails, for now
    try:
        import sqlite_utils  # noqa: F401
    finally:
        del sys.modules["numpy"]

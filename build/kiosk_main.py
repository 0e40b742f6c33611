"""What the packaged program starts with: the same command line as `python -m kiosk`."""

import sys

from kiosk.__main__ import main

sys.exit(main())

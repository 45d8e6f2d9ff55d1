"""The program with short waits where it waits for a disk: `python -m tests.servers.impatient`."""

from __future__ import annotations

import os
import sys

from kollect import __main__
from kollect.collector import until_written
from kollect.register import database

database.WAIT_FOR_OTHERS = 0.2
until_written._FIRST_PAUSE, until_written._LONGEST_PAUSE, until_written._LOOK = 0.05, 0.2, 0.05
if patience := os.environ.get("KOLLECT_TEST_PATIENCE"):
    until_written.PATIENCE_OF_A_COMMAND = float(patience)

if __name__ == "__main__":
    sys.exit(__main__.main())

"""The program with short waits where it waits for a disk: `python -m tests.servers.impatient`."""

from __future__ import annotations

import os
import sys

from kollect import __main__
from kollect.ledger import commit_retry
from kollect.storage import database_driver

database_driver.WAIT_FOR_OTHERS = 0.2
commit_retry._FIRST_PAUSE, commit_retry._LONGEST_PAUSE, commit_retry._LOOK = 0.05, 0.2, 0.05
if patience := os.environ.get("KOLLECT_TEST_PATIENCE"):
    commit_retry.PATIENCE_OF_A_COMMAND = float(patience)

if __name__ == "__main__":
    sys.exit(__main__.main())

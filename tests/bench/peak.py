"""One command, then the most memory this process ever had, in MB. Called by the benchmark.

`python -m tests.bench.peak DATA PASSWORD [COMMAND ...]`; without one it is a headless poll.
"""

from __future__ import annotations

import os
import resource
import sys

from kollect.__main__ import main

data, password, *command = sys.argv[1:]
os.environ["KOLLECT_RECEIVE_PASSWORD"] = password
code = main([*(command or ("collect", "--once")), "--json", "--data", data])
assert code == 0, code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

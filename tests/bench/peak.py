"""One command, then the most memory this process ever had, in MB. Called by the benchmark.

`python -m tests.bench.peak DATA PASSWORD [COMMAND ...]`; without one it is a headless poll.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kollect.__main__ import main

data, password, *command = sys.argv[1:]
os.environ["KOLLECT_RECEIVE_PASSWORD"] = password
code = main([*(command or ("collect", "--once")), "--json", "--data", data])
assert code == 0, code
# not ru_maxrss: a child of subprocess begins with that of its parent, here of the benchmark
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) / 1024)

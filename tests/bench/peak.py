"""One headless poll, then the most memory this process ever had, in MB. Called by the benchmark."""

from __future__ import annotations

import os
import resource
import sys

from kollect.__main__ import main

os.environ["KOLLECT_RECEIVE_PASSWORD"] = sys.argv[2]
code = main(["collect", "--once", "--json", "--data", sys.argv[1]])
assert code == 0, code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

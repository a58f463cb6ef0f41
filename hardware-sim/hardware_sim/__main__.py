"""Start the bench: ``python -m hardware_sim --help``."""

import sys

from hardware_sim.bench.launcher import main

if __name__ == "__main__":
    sys.exit(main())

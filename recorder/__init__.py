"""Motion-triggered recording beside the kiosk, in a process of its own."""

import os

# Its pictures are far too small for threads, and each of them would hold memory for good. Before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

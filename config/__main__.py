"""``python -m config FILE``: print the effective configuration, or what is wrong with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from config.load import ConfigError, describe, load

EX_CONFIG = 78
"""sysexits.h; the service manager does not restart after it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when the configuration is sound, 78 when it is not (the faults on standard error)."""
    parser = argparse.ArgumentParser(prog="python -m config", description="Print the effective configuration.")
    parser.add_argument("file", type=Path, help="the machine file, e.g. /etc/certkiosk/machine.toml")
    try:
        settings = load(parser.parse_args(arguments).file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    print(describe(settings), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

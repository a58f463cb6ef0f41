"""Japan's holidays from the `holidays` package, without the two hundred other countries that it reads with each one.

The package's list of countries imports them all, which costs each start 0.2 s and the terminal 7 MB for good. So the
one module is imported below a stand-in for that list, which is taken away again.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from holidays.countries.japan import Japan

_LIST: Final = "holidays.countries"


def _japan() -> Any:
    spec = importlib.util.find_spec(_LIST)
    if spec is None or _LIST in sys.modules:
        return importlib.import_module(f"{_LIST}.japan").Japan
    sys.modules[_LIST] = importlib.util.module_from_spec(spec)  # knows where its modules lie; nothing of it has run
    try:
        return importlib.import_module(f"{_LIST}.japan").Japan
    finally:
        del sys.modules[_LIST]


if not TYPE_CHECKING:
    Japan = _japan()

__all__ = ["Japan"]

"""The simulated card reader and its cards: a real pcscd, vpcd, and an own model of the JPKI application.

with CardStand(run_dir) as stand:
    stand.register(CardSpec("card-1", serial=1, pin="1234"))
    stand.insert("card-1")
    ...  # PC/SC clients with PCSCLITE_CSOCK_NAME=stand.csock
"""

from .bench import CardStand
from .kinds import CardSpec, CardSpecError
from .namespace import StandError
from .pki import AUTH_POLICY_OID, SIGN_POLICY_OID, CardAuthority, CardIdentity, Purpose

__all__ = [
    "AUTH_POLICY_OID",
    "SIGN_POLICY_OID",
    "CardAuthority",
    "CardIdentity",
    "CardSpec",
    "CardSpecError",
    "CardStand",
    "Purpose",
    "StandError",
]

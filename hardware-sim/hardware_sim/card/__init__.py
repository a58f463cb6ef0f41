"""The simulated card readers and their cards: a real pcscd with vpcd, or the radio of nfcpy's UDP driver.

with CardStand(run_dir) as stand:
    stand.register(CardSpec("card-1", serial=1, pin="1234"))
    stand.insert("card-1")
    ...  # PC/SC clients with PCSCLITE_CSOCK_NAME=stand.csock

RadioStand has the same methods; its reader is nfc.ContactlessFrontend(stand.device).

What each kind of card answers (kinds: see kinds.py):

===============  ===================================================  ==========================================
kind             behind pcscd                                         by radio
===============  ===================================================  ==========================================
mynumber         ATR 3B88800100 0041E0 B381A1 00 3B; JPKI token 2     106B, FWI 10; the same APDUs
juki             ATR 3B88800100 0014E0 B38191 00 5E; JPKI 6A82        106B, FWI 9; the same APDUs
juki_jpki        ATR as juki; JPKI with the old token, own AID 6A82   106B, FWI 9; the same APDUs
phone, iphone    ATR 3B80800101; certificate 6982 before the PIN      106A, SAK 20; silent to 106B
driving_licence  ATR 3B88800100 000000 9181C1 00 D8; SELECT 6A82      106B, FWI 12; SELECT 6A82
felica           ATR 3B8F8001804F0CA00000030611003B0000000042; 6E00   212F, 424F: polling; silent to 106A, 106B
several at once  present, cannot be powered (mute)                    type B: broken frame; types differ: each its own
mute             present, cannot be powered (mute)                    can be chosen, answers no block
no reader        no such reader                                       silence
===============  ===================================================  ==========================================
"""

from .bench import CardStand, RadioStand, Stand
from .kinds import CardSpec, CardSpecError
from .namespace import StandError
from .pki import AUTH_POLICY_OID, SIGN_POLICY_OID, CardAuthority, CardIdentity, Flaw, Purpose

__all__ = [
    "AUTH_POLICY_OID",
    "SIGN_POLICY_OID",
    "CardAuthority",
    "CardIdentity",
    "CardSpec",
    "CardSpecError",
    "CardStand",
    "Flaw",
    "Purpose",
    "RadioStand",
    "Stand",
    "StandError",
]

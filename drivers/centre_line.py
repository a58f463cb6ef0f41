"""The line to the national centre: HTTPS, TLS 1.3, mutual, one peer trusted (docs/protocol.md §2).

Each exchange has its own connection, so an answer can only be the one to its own request. Nothing is sent again
by itself; a time-out closes the connection. On power loss: nothing to do.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from config.schema import CentreSettings
from kiosk.errors import IssuerUnavailable

# httpx brings a command line with it wherever the libraries for its colours happen to be installed: 4 MB for good.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402


def tls_context(centre_pin: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3, our client certificate, and exactly one trusted peer certificate (partial chains allowed)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=str(centre_pin))
    context.load_cert_chain(str(certificate), str(key))
    return context


class Line:
    """POST and GET to the centre with every limit of §2; raises IssuerUnavailable with a word, never more."""

    def __init__(
        self,
        settings: CentreSettings,
        context: ssl.SSLContext,
        max_answer_bytes: int,
        total_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`total_s`: longest time for one whole answer, however steadily it trickles."""
        timeout = httpx.Timeout(settings.read_s, connect=settings.connect_s)
        self._client = httpx.Client(
            base_url=settings.url,
            verify=context,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
            # A connection is never kept for the next request: an answer can only be the one to its own request.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._max = max_answer_bytes
        self._total_s, self._monotonic = total_s, monotonic

    def close(self) -> None:
        self._client.close()

    def post(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._exchange("POST", f"v1/{step}", json.dumps(body).encode())

    def health(self) -> Mapping[str, Any]:
        return self._exchange("GET", "v1/health", None)

    def _exchange(self, method: str, path: str, body: bytes | None) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        deadline = self._monotonic() + self._total_s
        try:
            with self._client.stream(method, path, content=body, headers=headers) as response:
                content = bytearray()
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > self._max:
                        raise IssuerUnavailable("too_large")
                    if self._monotonic() > deadline:
                        raise IssuerUnavailable("slow")
                status = response.status_code
            text = content.decode()
        except httpx.TimeoutException:
            raise IssuerUnavailable("silent") from None
        except (httpx.HTTPError, ssl.SSLError, OSError):
            raise IssuerUnavailable("unreachable") from None
        except UnicodeDecodeError:
            raise IssuerUnavailable("garbled") from None
        del content
        try:
            answer = json.loads(text)
        except ValueError:
            raise IssuerUnavailable("garbled") from None
        if not isinstance(answer, dict):
            raise IssuerUnavailable("garbled")
        if status != 200:
            # Unsigned, so it can only end the session. The code is one of §8 or nothing worth writing down.
            raise IssuerUnavailable(f"http_{status}")
        return answer

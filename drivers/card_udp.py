"""nfcpy's UDP radio with two manners of a real reader that it lacks.

nfcpy waits a whole second for each technology that nothing answers, and cannot tell a card that is not there from
a partner that is not there. Here the wait is as short as a loopback allows, and the socket is connected, so that
the operating system reports a port nobody listens on: that stands for a reader that was unplugged. A partner that
listens and does not answer is a reader on which nothing lies.

A datagram with a technology and no data is nfcpy's broken frame. To a request that asks who is there, it is silence
that need not be waited for; an answer with some data that is no answer of a card is a collision.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Final

import nfc.clf
import nfc.clf.udp

SENSE_S: Final = 0.25
"""Wait for the answer to one request; a real reader waits 0.03 s, a busy bench may need longer."""
LEAST_WAIT_S: Final = 0.1
"""Least wait for a block: the frame waiting time of a card is too short for two processes on a busy machine."""


class UdpRadio(nfc.clf.udp.Device):  # type: ignore[misc]  # nfcpy has no types
    """A device for `nfc.ContactlessFrontend`. Raises OSError (ECONNREFUSED) when nobody listens on the port.

    `collision`: the last sense heard something that was no answer of one card.
    """

    socket: Any
    addr: tuple[str, int]
    rcvd_data: int

    def __init__(self, host: str, port: int, sense_s: float = SENSE_S) -> None:
        self._sense_s = sense_s
        self._sensing = False
        self.collision = False
        super().__init__(host, port)
        self._vendor_name, self._device_name, self._chipset_name = "", "", "UDP"

    def require_partner(self) -> None:
        """Raises OSError when nobody listens. Says "no field", which changes nothing for a card."""
        self._create_socket()
        self.socket.send(b"RFOFF")
        if select.select([self.socket], [], [], self._sense_s / 5)[0]:
            self.socket.recv(1)  # raises the error that waits there

    def mute(self) -> None:
        """Field off; the socket is closed whatever happens."""
        try:
            super().mute()
        except OSError:
            pass  # nobody is there to hear it; the next sense will say so
        finally:
            if self.socket:
                self.socket.close()
                self.socket = None

    def sense_tta(self, target: Any) -> Any:
        return self._sense(super().sense_tta, target)

    def sense_ttb(self, target: Any) -> Any:
        return self._sense(super().sense_ttb, target)

    def sense_ttf(self, target: Any) -> Any:
        return self._sense(super().sense_ttf, target)

    def _sense(self, sense: Callable[[Any], Any], target: Any) -> Any:
        self.collision = False
        self._sensing = True
        try:
            found = sense(target)
        finally:
            self._sensing = False
        self.collision = self.collision or (found is None and self.rcvd_data > 0)
        return found

    def _create_socket(self) -> None:
        fresh = self.socket is None
        super()._create_socket()
        if fresh:
            self.socket.connect(self.addr)

    def _recv_data(self, timeout: float | None, *technologies: str) -> Any:
        if timeout is not None:
            timeout = self._sense_s if self._sensing else max(timeout, LEAST_WAIT_S)
        try:
            return super()._recv_data(timeout, *technologies)
        except ValueError:  # no hexadecimal digits
            self.collision = True
            raise nfc.clf.TransmissionError("no frame") from None


def frontend_at(path: str, sense_s: float = SENSE_S) -> Any:
    """A frontend on ``udp:host:port``. Raises OSError when nobody listens there, ValueError for another path."""
    kind, host, port = path.split(":")
    if kind != "udp" or not host or not 0 < int(port) < 65536:
        raise ValueError("not a path of the form udp:host:port")
    frontend = nfc.ContactlessFrontend()
    frontend.device = UdpRadio(host, int(port), sense_s)
    try:
        frontend.device.require_partner()
    except BaseException:
        frontend.close()
        raise
    return frontend

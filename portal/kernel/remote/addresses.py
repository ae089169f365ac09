"""From a host name to addresses that we may connect to (F2)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

Resolve = Callable[[str, int], Sequence[str]]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1


class AddressRefusedError(Exception):
    """The name points to an address that is not on the public internet."""


def system_resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(addresses: Sequence[str], *, allow_private: bool) -> Sequence[str]:
    """Return the addresses. Raises AddressRefusedError when one of them is not public: a mixed
    answer is how a name is bent to the inside."""
    if not addresses:
        raise OSError("The name has no address.")
    if not allow_private and not all(is_public(address) for address in addresses):
        raise AddressRefusedError("The name points to a private address.")
    return addresses


def is_public(address: str) -> bool:
    """Tell whether the address is a public one. Forms that hide an IPv4 address are not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo:
            return False
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


def lookup(resolve: Resolve, host: str, port: int, seconds: float) -> Sequence[str]:
    """Resolve within `seconds`. Raises OSError or TimeoutError.

    The system's resolver has no time-out of its own, so it runs in a thread that may be left behind.
    """
    answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except OSError as error:
            answers.put(error)
        except UnicodeError:  # a label that is no valid name
            answers.put(OSError("The name cannot be looked up."))

    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except Empty:
        raise TimeoutError("The name was not resolved in time.") from None
    if isinstance(answer, OSError):
        raise answer
    return answer

"""Which addresses a webhook may be sent to: every address of a host is checked, and only checked ones are connected to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) → the addresses that the system would connect to; raises OSError where there are none."""

PUBLIC: Final = ""

# The IANA special-purpose registries, said in full. `ipaddress.is_global` is not enough: it calls NAT64 and 6to4
# forms of 127.0.0.1 and multicast global (F23).
_REFUSED_V4: Final = {
    "0.0.0.0/8": "this_network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier_grade_nat",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link_local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol_assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "as112",
    "192.52.193.0/24": "amt",
    "192.88.99.0/24": "6to4_relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "as112",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_REFUSED_V6: Final = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::/96": "ipv4_compatible",
    "64:ff9b:1::/48": "nat64_local",
    "100::/64": "discard",
    "fc00::/7": "private",
    "fe80::/10": "link_local",
    "fec0::/10": "site_local",
    "ff00::/8": "multicast",
    "2001::/32": "teredo",
    "2001::/23": "protocol_assignments",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "as112",
    "3fff::/20": "documentation",
    "5f00::/16": "segment_routing",
}
_TABLE: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(network), name) for network, name in (_REFUSED_V4 | _REFUSED_V6).items()
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")


def refusal(text: str, allowed: Sequence[Network] = ()) -> str:
    """Why an address may not be sent to, as a named kind of address; empty where it may.

    `allowed` are the networks that the endpoint's configuration opens. An address that only carries an IPv4 address
    (mapped, NAT64) is judged as that one, so no spelling opens what is closed.
    """
    try:
        address = _carried(ip_address(text.partition("%")[0]))
    except ValueError:
        return "not_an_address"
    if any(address.version == network.version and address in network for network in allowed):
        return PUBLIC
    for network, name in _TABLE:
        if address.version == network.version and address in network:
            return name
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "unassigned"
    return PUBLIC


def permitted(addresses: Sequence[str], allowed: Sequence[Network] = ()) -> list[str]:
    """The addresses that may be connected to, each once, in their order; IPv4-mapped ones in IPv4 form."""
    found = [text for text in addresses if refusal(text, allowed) == PUBLIC]
    return list(dict.fromkeys(_plain(text) for text in found))


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of `allow_networks`; raises ValueError for one that is none."""
    return tuple(ip_network(text, strict=False) for text in texts)


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host as the operating system resolves it, whatever its spelling (decimal, hex, octal, name).

    Each look-up has a daemon thread of its own: one that hangs holds up neither other endpoints nor the process's end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | None, error: OSError | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(found or [])

    def look_up() -> None:
        found, failed = None, None
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label is empty or too long
            failed = error if isinstance(error, OSError) else OSError("the host is no valid name")
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile: nobody asks any more
            loop.call_soon_threadsafe(settle, found, failed)

    threading.Thread(target=look_up, name="webhook-dns", daemon=True).start()
    return await future


def _carried(address: Address) -> Address:
    """The IPv4 address inside a mapped or NAT64 (RFC 6052) one; any other address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _plain(text: str) -> str:
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)

"""Which addresses may be sent to: every special range, every disguise of a private one, and the hosts behind them (F23)."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.webhooks.address import parse_networks, permitted, refusal, resolve

REFUSED = {
    "0.0.0.0": "this_network",
    "10.1.2.3": "private",
    "100.64.0.1": "carrier_grade_nat",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link_local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "protocol_assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4_relay",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "ipv4_compatible",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:a9fe:a9fe": "link_local",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b:1::1": "nat64_local",
    "100::1": "discard",
    "2001::1": "teredo",
    "2001:10::1": "protocol_assignments",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4",
    "3fff::1": "documentation",
    "5f00::1": "segment_routing",
    "fc00::1": "private",
    "fd12:3456::1": "private",
    "fe80::1": "link_local",
    "fe80::1%eth0": "link_local",
    "fec0::1": "site_local",
    "ff02::1": "multicast",
    "4000::1": "unassigned",
    "not-an-address": "not_an_address",
    "127.1": "not_an_address",
    "": "not_an_address",
}
PUBLIC = ["1.1.1.1", "93.184.215.14", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize(("address", "why"), list(REFUSED.items()))
def test_what_is_refused_and_what_it_is_called(address: str, why: str) -> None:
    assert refusal(address) == why


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert refusal(address) == ""


@given(st.integers(0, 2**32 - 1))
def test_whatever_python_calls_private_is_refused_in_every_disguise(number: int) -> None:
    """The standard library as a second opinion, on any IPv4 address and on its mapped and NAT64 forms."""
    address = IPv4Address(number)
    plain = refusal(str(address))
    assert refusal(f"::ffff:{address}") == plain
    assert refusal(str(IPv6Address(int(IPv6Address("64:ff9b::")) + number))) == plain
    assert refusal(str(IPv6Address(0x2002 << 112 | number << 80))) == "6to4"
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert plain != ""


SPECIAL = ["::/96", "2000::/3", "2001::/16", "2002::/16", "64:ff9b::/32", "fc00::/6", "fe00::/8", "::/0"]


@given(st.sampled_from(SPECIAL), st.integers(0, 2**128 - 1))
def test_whatever_python_calls_private_in_ipv6_is_refused(network: str, number: int) -> None:
    start, mask = ip_network(network).network_address, ip_network(network).hostmask
    address = IPv6Address(int(start) | number & int(mask))
    disguised = address.ipv4_mapped is not None or address in ip_network("64:ff9b::/96")
    special = not address.is_global or address.is_multicast or address.is_reserved
    if special and not disguised:
        assert refusal(str(address)) != ""


def test_a_configured_network_opens_exactly_itself() -> None:
    allowed = parse_networks(["10.1.0.0/16", "fd00::/8"])
    assert refusal("10.1.2.3", allowed) == ""
    assert refusal("::ffff:10.1.2.3", allowed) == ""
    assert refusal("fd12::1", allowed) == ""
    assert refusal("10.2.0.1", allowed) == "private"
    assert refusal("127.0.0.1", allowed) == "loopback"
    assert refusal("fc00::1", allowed) == "private"


def test_opening_a_translator_does_not_open_what_lies_behind_it() -> None:
    assert refusal("64:ff9b::127.0.0.1", parse_networks(["64:ff9b::/96"])) == "loopback"


def test_host_bits_in_a_network_are_forgiven_and_nonsense_is_not() -> None:
    assert parse_networks(["10.1.2.3/16"]) == (ip_network("10.1.0.0/16"),)
    with pytest.raises(ValueError, match="intranet"):
        parse_networks(["intranet"])


def test_only_checked_addresses_are_left_each_once() -> None:
    found = permitted(["127.0.0.1", "1.1.1.1", "::ffff:1.1.1.1", "::1", "2606:4700::1111", "1.1.1.1"])
    assert found == ["1.1.1.1", "2606:4700::1111"]
    assert permitted([]) == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "localhost"]
)
def test_however_loopback_is_spelled_the_system_resolves_it_and_it_is_refused(host: str) -> None:
    found = asyncio.run(resolve(host, 80))
    assert found
    assert all(ip_address(text).is_loopback for text in found)
    assert permitted(found) == []


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".com"])
def test_a_host_without_an_address(host: str) -> None:
    with pytest.raises(OSError, match=r"."):
        asyncio.run(resolve(host, 80))

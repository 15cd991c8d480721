"""G.711: one byte a sample to 16-bit little-endian samples, by table (ITU-T G.711, 1988)."""

from __future__ import annotations


def _mulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def _alaw(code: int) -> int:
    code ^= 0x55
    mantissa, exponent = (code & 0x0F) << 4, (code & 0x70) >> 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


TABLES = {
    encoding: tuple(bytes((law(code) >> shift) & 0xFF for code in range(256)) for shift in (0, 8))
    for encoding, law in (("mulaw", _mulaw), ("alaw", _alaw))
}
"""encoding -> (low bytes, high bytes) of every code"""


def decode(data: bytes, encoding: str) -> bytes:
    """16-bit little-endian samples of `mulaw` or `alaw` bytes."""
    low, high = TABLES[encoding]
    samples = bytearray(2 * len(data))
    samples[0::2], samples[1::2] = data.translate(low), data.translate(high)
    return bytes(samples)

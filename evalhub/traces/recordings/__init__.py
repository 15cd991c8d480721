"""Recordings: content-addressed bytes, their peaks and voiced intervals."""

"""Tier 1: what happened in a call. From bodies in the inbox to conversations on one timeline."""

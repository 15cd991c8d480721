"""Tier 4: what only sound shows. Recording check, turn-taking, delivery. Definitions: docs/metrics.md."""

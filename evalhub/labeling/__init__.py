"""Tier 2: people listen and fill in a scorecard."""

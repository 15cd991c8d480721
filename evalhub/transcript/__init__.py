"""Tier 3: words and actions. Function calls, word errors, rubric judge."""

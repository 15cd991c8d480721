"""Comparing words: one spelling for what sounds the same, and the alignment of two texts."""

"""What a hand-off carried over: the facts before it, its summary, what was asked again, the silence."""

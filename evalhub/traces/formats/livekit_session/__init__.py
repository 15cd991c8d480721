"""A LiveKit session: its spans, its report, and the two of them as one conversation."""

"""What the agent did after a caller cut in, judged on what the caller had heard."""

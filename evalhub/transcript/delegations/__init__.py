"""Work that the agent who speaks gave to another one behind it: found, and what came back of it."""

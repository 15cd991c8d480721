"""Where the stages of a prompt begin in a conversation: by events and calls, by questions, by words."""

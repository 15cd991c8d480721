"""Business rules against a conversation: whether a rule applies, and whether it was kept. Helpers of the evaluator."""

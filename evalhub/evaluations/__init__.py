"""Evaluations as rows: planned when a conversation is over, run by lease, always left with a status and a reason.

`planning` makes the rows, `running` works them off, `content` says what an evaluator depends on. Every evaluator gets
a row on every ended conversation, so "why is there no score?" always has an answer.
"""

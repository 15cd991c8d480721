"""Evaluations as rows: planned by rules when a conversation is over, run by lease, always left with a reason.

`rules` and `matching` say which evaluations a conversation has to have, `planning` makes the rows, `running` and
`judging` work them off, `content` says what an evaluator depends on. Whatever a rule asks for has a row, also where the
conversation was not drawn. For the rest `explaining` tells rule by rule why there is none.
"""

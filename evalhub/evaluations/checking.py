"""Checks by code that read words and ask nobody: many calls at a time, so that they keep up with calls that come in."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

from evalhub import plugins
from evalhub.db import ask_for
from evalhub.evaluations.context import contexts_for
from evalhub.evaluations.rows import Done, conversations_of, lease, place_of, write
from evalhub.evaluations.running import run_one
from evalhub.services import Services
from evalhub.traces.giving_way import give_way

AT_ONCE = 400
"""evaluations, of some 25 calls"""
LEASE = timedelta(seconds=600)
TURN_S = 2.0
"""after so long, others whose turn it is in this worker come first"""


def check_due(services: Services) -> int:
    """Run checks that are due, of every project, for a turn. Returns how many ran; rings again where more may be."""
    plugins.evaluators()
    total, began = 0, time.monotonic()
    until = began + TURN_S
    while count := _batch(services):
        total += count
        began = give_way(services, began)
        if began > until:
            with services.work() as session:
                ask_for(session, "evaluate_text")
            break
    return total


def _batch(services: Services) -> int:
    owner = uuid4().hex
    with services.work(repeatable=True) as session:
        evaluations = lease(session, owner, "text", AT_ONCE, LEASE)
        conversations = conversations_of(session, evaluations)
        contexts = contexts_for(services, session, conversations)
    done = []
    for evaluation in evaluations:
        if conversation := conversations.get(place_of(evaluation)):
            outcome = run_one(evaluation, conversation, contexts[place_of(evaluation)])
            done.append(Done(evaluation, outcome))
    if done:
        write(services, owner, done, repeatable=True)
    return len(evaluations)

"""A rush of bodies is taken in before it is read: senders wait for answers, nobody for spans of this second."""

from time import sleep

from sqlalchemy import text
from sqlalchemy.orm import Session

from evalhub.services import Services

MANY = 100
WITHIN_S = 0.25
LONGEST_S = 1.0
LOOK_S = 0.05
IS_RUSH = text("""
with waiting as not materialized (
  select id, received_at from inbox where state = 'waiting' and conversation_id is null)
select coalesce(
  (select received_at from waiting order by id desc offset :many - 1 limit 1) > now() - make_interval(secs => :within)
  and (select received_at from waiting order by id limit 1) > now() - make_interval(secs => :longest),
  false)
""")


def is_rush(session: Session) -> bool:
    """Whether bodies of spans come at MANY in WITHIN_S, more than could be read meanwhile, for no more than LONGEST_S.

    Those that wait longer are read whatever else comes in, so that nothing falls behind for good.
    """
    limits = {"many": MANY, "within": WITHIN_S, "longest": LONGEST_S}
    return bool(session.scalar(IS_RUSH, limits))


def let_in(services: Services) -> None:
    """Return when no rush is on."""
    while _is_on(services):
        sleep(LOOK_S)


def _is_on(services: Services) -> bool:
    with services.one_statement() as session:
        return is_rush(session)

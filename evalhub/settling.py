"""What a process does once, when it has loaded its modules and before it forks others, which share what is there."""

import gc

from sqlalchemy.orm import configure_mappers


def settle() -> None:
    """Relate the models to each other, and look for garbage less often from now on.

    SQLAlchemy does the former at the first query, in each process anew and with 7 MB of its own. Garbage: what is
    loaded by now is there to stay and is not looked through again; new objects are, after every 20,000. A request's or
    a batch's objects nearly all go by themselves. Looking after every 700 of them, now and then through all that was
    ever imported, took an eighth of a web request's time and a sixth of a worker's.
    """
    configure_mappers()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

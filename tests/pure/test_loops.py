"""Work of an event loop, finished from where there is none and from where there is one."""

import asyncio

from evalhub.loops import finish


async def work() -> int:
    await asyncio.sleep(0)
    return 7


async def within() -> int:
    return finish(work())


def test_it_is_finished_with_and_without_a_loop_around() -> None:
    assert (finish(work()), asyncio.run(within())) == (7, 7)

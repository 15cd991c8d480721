"""The embedded platform: real PostgreSQL, real broker, killed in every way there is."""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from evalhub.embedded.platform import Platform, database_of, running
from evalhub.errors import SetupError
from tests.stack.embedded import (
    all_gone,
    answers,
    ask,
    eventually,
    family_of,
    other_process,
    passable_folder,
    pids_in,
    settings,
    sleeper,
)

pytestmark = pytest.mark.stack
BUSY = "select count(*) from (select generate_series(1, 100000000000)) numbers"


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder whose cluster is made and stopped, with one row in it."""
    with passable_folder() as folder:
        with running(settings(folder / "data")) as platform:
            ask(platform.database_url, "create table kept as select 42 as answer")
        yield folder / "data"


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """A data folder of one's own, a copy of that one."""
    with passable_folder() as folder:
        yield Path(shutil.copytree(made, folder / "data"))


def pid_of(platform: Platform, name: str) -> int:
    child = next(child for child in platform.children if child.name == name)
    assert child.process
    return child.process.pid


def kill(platform: Platform, name: str) -> int:
    """Kill a child at once. Returns its number."""
    pid = pid_of(platform, name)
    os.kill(pid, signal.SIGKILL)
    return pid


def broker_answers(platform: Platform) -> bool:
    path = platform.broker_url.removeprefix("redis+socket://").partition("?")[0]
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            connection.sendall(b"PING\r\n")
            return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False


def test_database_and_broker_are_up(data: Path) -> None:
    steps: list[str] = []
    with running(settings(data), on_event=lambda name, _: steps.append(name)) as platform:
        assert ask(platform.database_url, "select answer from kept") == 42
        assert broker_answers(platform)
    assert steps == ["database files", "database", "broker"]


def test_the_cluster_is_durable_and_checked(data: Path) -> None:
    with running(settings(data)) as platform:
        assert ask(platform.database_url, "show server_version_num").startswith("18")
        assert ask(platform.database_url, "show fsync") == "on"
        assert ask(platform.database_url, "show data_checksums") == "on"
        assert ask(platform.database_url, "show server_encoding") == "UTF8"


def test_the_role_is_no_superuser(data: Path) -> None:
    with running(settings(data)) as platform:
        assert not ask(platform.database_url, "select usesuper from pg_user where usename = current_user")


def test_nothing_listens_on_a_port(data: Path) -> None:
    with running(settings(data)):
        processes = psutil.Process().children(recursive=True)
        assert len(processes) > 2
        assert not [each.net_connections("inet") for each in processes if each.net_connections("inet")]


def test_nothing_is_left_when_it_ends(data: Path) -> None:
    with running(settings(data)) as platform:
        own = [psutil.Process(child.process.pid) for child in platform.children if child.process]
        pids = [each.pid for one in own for each in (one, *one.children(recursive=True))]
        run = Path(platform.broker_url.removeprefix("redis+socket://")).parent
    assert pids
    eventually(lambda: all_gone(pids))
    assert not run.exists()
    assert not list((data / "pids").iterdir())


def test_the_environment_of_the_caller_does_not_matter(data: Path) -> None:
    shutil.rmtree(data)
    odd = {"PGPORT": "6543", "PGDATA": "/nowhere", "LC_ALL": "xx_XX", "LANG": "de_DE.UTF-8", "TZ": "Nowhere/Land"}
    with other_process(data, **odd) as process, database_of(settings(data)) as url:
        assert process.poll() is None
        assert ask(url, "show timezone") == "UTC"


def test_given_addresses_are_used_and_nothing_is_started(data: Path) -> None:
    given = settings(data, database_url="postgresql+psycopg://a@b/c", broker_url="redis://d")
    with running(given) as platform:
        assert (platform.database_url, platform.broker_url) == ("postgresql+psycopg://a@b/c", "redis://d")
        assert not platform.children


def test_a_killed_database_comes_back(data: Path) -> None:
    with running(settings(data)) as platform:
        kill(platform, "postgres")
        platform.supervise(until=lambda: answers(platform.database_url))
        assert ask(platform.database_url, "select answer from kept") == 42


def test_a_killed_database_comes_back_while_a_session_of_it_still_works(data: Path) -> None:
    with running(settings(data)) as platform:
        busy = psycopg.connect(platform.database_url.replace("+psycopg", ""), autocommit=True)
        busy.pgconn.send_query(BUSY.encode())
        eventually(
            lambda: ask(platform.database_url, "select count(*) from pg_stat_activity where state = 'active'") > 1
        )
        kill(platform, "postgres")
        platform.supervise(until=lambda: answers(platform.database_url))
        busy.close()


def test_a_killed_broker_comes_back(data: Path) -> None:
    with running(settings(data)) as platform:
        killed = kill(platform, "broker")
        platform.supervise(until=lambda: pid_of(platform, "broker") != killed and broker_answers(platform))


def test_a_child_that_dies_is_started_again(data: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with running(settings(data)) as platform:
        platform.add("sleeper", sleeper(mark), {})
        first = pids_in(mark)
        mark.unlink()
        kill(platform, "sleeper")
        platform.supervise(until=mark.exists)
        eventually(lambda: all_gone(first))
        assert "was ended by SIGKILL; it is started again" in (data / "logs" / "sleeper.log").read_text()


def test_a_child_that_cannot_live_ends_everything_with_its_last_words(data: Path) -> None:
    with running(settings(data)) as platform:
        platform.add("broken", [sys.executable, "-c", "raise SystemExit('no such model')"], {})
        with pytest.raises(SetupError) as caught:
            platform.supervise()
    assert "broken ended with code 1, 5 times in a row" in str(caught.value)
    assert "no such model" in str(caught.value)


def test_a_child_works_in_the_data_folder_and_sees_its_environment(data: Path) -> None:
    script = "import os, pathlib; pathlib.Path('seen').write_text(os.environ['GIVEN']); import time; time.sleep(600)"
    with running(settings(data)) as platform:
        platform.add("writer", [sys.executable, "-c", script], {"GIVEN": "yes"})
        platform.supervise(until=lambda: (data / "seen").exists() and (data / "seen").read_text() == "yes")


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not share out by sessions")
def test_a_nice_child_gives_way_to_the_other_children(data: Path, tmp_path: Path) -> None:
    """Each child is a session of its own, so niceness has to count between sessions, too."""
    with running(settings(data)) as platform:
        platform.add("nice", sleeper(tmp_path / "mark"), {}, niceness=7)
        platform.supervise(until=(tmp_path / "mark").exists)
        pid = pid_of(platform, "nice")
        assert psutil.Process(pid).nice() == 7
        assert Path(f"/proc/{pid}/autogroup").read_text().split()[-1] == "7"


def test_a_child_that_does_not_listen_is_killed_when_its_patience_is_over(data: Path, tmp_path: Path) -> None:
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + sleeper(tmp_path / "mark")[2]
    with running(settings(data)) as platform:
        platform.add("deaf", [sys.executable, "-c", script, str(tmp_path / "mark")], {}, patience_s=0.2)
        pids = pids_in(tmp_path / "mark")
    eventually(lambda: all_gone(pids))


def test_a_long_log_is_put_aside(data: Path) -> None:
    with running(settings(data)) as platform:
        log = data / "logs" / "postgres.log"
        os.truncate(log, 11 << 20)
        platform.look_after()
        assert log.stat().st_size == 0
        assert (data / "logs" / "postgres.log.1").stat().st_size == 11 << 20


def test_a_polite_kill_ends_the_family_without_a_traceback(data: Path) -> None:
    with other_process(data) as process:
        pids = pids_in(data / "mark") + family_of(process)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    eventually(lambda: all_gone(pids))
    assert process.returncode == 0
    assert said == ""


def test_all_die_with_a_killed_supervisor_and_the_next_start_has_everything(data: Path) -> None:
    with other_process(data) as process:
        pids = pids_in(data / "mark")[:1] + family_of(process)
        process.kill()
        eventually(lambda: all_gone([pid for pid in pids if pid != pids_in(data / "mark")[1]]))
    with running(settings(data)) as platform:
        assert ask(platform.database_url, "select answer from kept") == 42
        eventually(lambda: all_gone(pids_in(data / "mark")))


def test_everything_killed_at_once_is_recovered(data: Path) -> None:
    with other_process(data) as process:
        for pid in [process.pid, *pids_in(data / "mark")[:1], *family_of(process)]:
            if psutil.pid_exists(pid) and pid != pids_in(data / "mark")[1]:
                os.kill(pid, signal.SIGKILL)
        stray = pids_in(data / "mark")[1]
        assert psutil.pid_exists(stray)
    with running(settings(data)) as platform:
        eventually(lambda: all_gone([stray]))
        assert ask(platform.database_url, "select answer from kept") == 42


def test_a_second_one_is_refused_and_told_who_is_first(data: Path) -> None:
    with other_process(data) as process, pytest.raises(SetupError) as caught, running(settings(data)):
        pass
    assert f"process {process.pid}" in str(caught.value)
    assert "--data" in caught.value.mend


def test_a_number_that_somebody_else_got_is_left_alone(data: Path) -> None:
    stranger = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    entry = f'{{"pid": {stranger.pid}, "born": "long ago", "signal": 9, "family": "{data}"}}'
    (data / "pids" / "worker.json").write_text(entry)
    with running(settings(data)):
        assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_lock_file_that_names_a_living_stranger_does_not_matter(data: Path) -> None:
    cluster = data / "postgres"
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n{int(time.time())}\n5432\n/tmp\n\n  1 1\n")
    with running(settings(data)) as platform:
        assert ask(platform.database_url, "select true")


def test_any_path_will_do(data: Path) -> None:
    odd = data.with_name('it\'s mé, 100% "odd" ' + "long" * 40)
    with running(settings(data.rename(odd))) as platform:
        assert ask(platform.database_url, "select answer from kept") == 42


def test_another_command_finds_the_running_database(data: Path) -> None:
    with other_process(data), database_of(settings(data)) as url:
        assert ask(url, "select answer from kept") == 42


def test_another_command_starts_the_database_for_itself(data: Path) -> None:
    with database_of(settings(data)) as url:
        assert ask(url, "select answer from kept") == 42
        assert not [each for each in psutil.Process().children() if "redis" in each.name()]
    assert not answers(url)


def test_a_cluster_of_another_version_is_refused(data: Path) -> None:
    (data / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(SetupError, match=r"made by PostgreSQL 16, this is 18") as caught, running(settings(data)):
        pass
    assert caught.value.mend

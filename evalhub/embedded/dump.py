"""Copies of a database in one file, made and read by the wheel's own pg_dump, pg_restore and psql."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from evalhub.embedded.programs import MAJOR, wheel_programs
from evalhub.errors import SetupError

SCHEMA = "public"
BLOCK = 1 << 16
BEGIN = f"begin; set lock_timeout = '{{patience}}'; drop schema if exists {SCHEMA} cascade;\n"
COMMIT = b"commit;\nanalyze;\n"
TOO_NEW = b"SET transaction_timeout = 0;"  # a server before 17 does not know it
MENDS = {
    "server version mismatch": f"The server is newer than PostgreSQL {MAJOR}: use its own pg_dump.",
    "unsupported version": "The copy was made by a newer evalhub: install that one.",
    "valid archive": "The file is not a copy made by `evalhub backup`.",
    "valid tar archive": "The file is not a copy made by `evalhub backup`.",
    "end of file": "The file is cut short: take another copy.",
    "lock timeout": "The database is in use: stop evalhub first.",
    "connection to server": "Check that the database runs and can be reached.",
}


def dump_database(url: str, file: Path) -> None:
    """Write everything in the database into a file, whole or not at all. The database may be in use meanwhile.

    Raises:
        SetupError: the server is newer than pg_dump or cannot be reached, or the file cannot be written.
    """
    temporary = file.with_name(f".{file.name}.new")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        command = [_program("pg_dump"), "--format=custom", f"--schema={SCHEMA}", f"--file={temporary}"]
        done = subprocess.run([*command, _address(url)], env=_env(url), check=False, capture_output=True)
        if done.returncode:
            raise _failure("The database could not be copied", done.stderr)
        temporary.replace(file)
    except OSError as error:
        raise SetupError(f"{file} cannot be written: {error.strerror}.", "Give another folder.") from error
    finally:
        temporary.unlink(missing_ok=True)


def restore_database(url: str, file: Path, *, patience: str = "10s") -> None:
    """Put what is in the file into the database, in place of all that is there, or change nothing.

    `patience` is how long others may hold on to what has to go.

    Raises:
        SetupError: the file is no such copy, is cut short or of a newer version, or the database cannot be changed.
    """
    read = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    write = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={_address(url)}"]
    with tempfile.TemporaryFile() as said:
        with (
            subprocess.Popen(read, stdout=subprocess.PIPE, stderr=said, env=_env(url)) as reader,
            subprocess.Popen(
                write, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=_env(url)
            ) as writer,
        ):
            if reader.stdout and writer.stdin:
                _pour(reader, reader.stdout, writer.stdin, BEGIN.format(patience=patience))
        if reader.returncode or writer.returncode:
            said.seek(0)
            raise _failure(f"{file} could not be restored, nothing is changed", said.read())


def _pour(reader: "subprocess.Popen[bytes]", source: IO[bytes], target: IO[bytes], begin: str) -> None:
    """What is not committed by the end is undone, so a file that is cut short changes nothing."""
    with suppress(BrokenPipeError):
        target.write(begin.encode())
        target.write(source.read(BLOCK).replace(TOO_NEW, b"", 1))
        shutil.copyfileobj(source, target, BLOCK)
        if reader.wait() == 0:
            target.write(COMMIT)
        target.close()


def _program(name: str) -> str:
    return str(wheel_programs() / name)


def _parts(url: str) -> dict[str, str]:
    return {key: str(value) for key, value in conninfo_to_dict(url.replace("+psycopg", "", 1)).items()}


def _address(url: str) -> str:
    """Without the password: everybody on the machine can read command lines."""
    return make_conninfo(**{key: value for key, value in _parts(url).items() if key != "password"})


def _env(url: str) -> dict[str, str]:
    password = _parts(url).get("password")
    return {**os.environ, "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}


def _failure(what: str, said: bytes) -> SetupError:
    text = said.decode(errors="replace").strip()
    mend = next((mend for sign, mend in MENDS.items() if sign in text), "")
    lines = [line for line in text.splitlines() if "error:" in line.lower()] or text.splitlines() or ["no reason given"]
    return SetupError(f"{what}: {lines[0].strip()}.", mend)

"""A copy of everything, and the way back: the database by pg_dump, the audio by copying, in one folder."""

import json
import shutil
from pathlib import Path

from sqlalchemy import create_engine, inspect, pool

import evalhub
from evalhub.embedded.dump import dump_database, restore_database
from evalhub.errors import SetupError

MANIFEST, DUMP, AUDIO = "backup.json", "database.dump", "audio"


def backup(database_url: str, audio: Path, folder: Path) -> None:
    """Copy database and audio into a new folder. Writers may go on: the dump is of one moment, audio is only added.

    Raises:
        SetupError: the folder is not empty, or a copy failed; then nothing is left that looks whole.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SetupError(f"{folder} is not empty.", "Give a new folder.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    dump_database(database_url, folder / DUMP)
    if audio.exists():
        shutil.copytree(audio, folder / AUDIO, ignore=shutil.ignore_patterns("incoming"))
    (folder / MANIFEST).write_text(json.dumps({"evalhub": evalhub.__version__, "layout": 1}) + "\n")


def restore(database_url: str, audio: Path, folder: Path) -> None:
    """Fill an empty database and the audio store from a backup.

    Raises:
        SetupError: this is no whole backup, the database holds something already, or a copy failed.
    """
    if not (folder / MANIFEST).exists():
        raise SetupError(
            f"{folder} is no whole backup.", f"Give a folder that `evalhub backup` finished: with {MANIFEST}."
        )
    if _tables(database_url):
        raise SetupError("This database is not empty.", "Restore into a new data folder: --data DIR.")
    restore_database(database_url, folder / DUMP)
    if (folder / AUDIO).exists():
        shutil.copytree(folder / AUDIO, audio, dirs_exist_ok=True)


def _tables(database_url: str) -> list[str]:
    engine = create_engine(database_url, poolclass=pool.NullPool)
    return inspect(engine).get_table_names()

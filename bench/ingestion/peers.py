"""The servers beside evalhub: MLflow and Phoenix on PostgreSQL, each in an environment of its own, and the floor."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from evalhub.embedded.processes import Places
from ingestion import floor
from ingestion.database import Cluster, Layout, free_port
from ingestion.servers import Server

BENCH = Path(__file__).parents[1]
QUIET = {"DO_NOT_TRACK": "true"}
INSTALL_S = 1800


@dataclass(frozen=True)
class Package:
    """What a peer is installed from."""

    name: str
    requirements: tuple[str, ...]


MLFLOW = Package("mlflow", ("mlflow==3.17.2", "psycopg2-binary"))
PHOENIX = Package("arize-phoenix", ("arize-phoenix==20.26.1", "psycopg[binary]", "asyncpg"))


def mlflow(cluster: Cluster, places: Places, venvs: Path) -> Server:
    programs, port = installed(MLFLOW, venvs / "venv-mlflow"), free_port()
    address, files = cluster.make("mlflow"), places.logs / "mlflow-files"
    argv = [str(programs / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    driven = address.replace("postgresql:", "postgresql+psycopg2:")  # newer SQLAlchemy asks for psycopg 3 otherwise
    argv += ["--backend-store-uri", driven, "--artifacts-destination", str(files)]
    env = QUIET | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return Server(
        name="mlflow",
        version=version_of(MLFLOW, programs),
        argv=argv,
        port=port,
        places=places,
        env=env | _on_path(programs),
        layout=Layout("spans", "spans.trace_id = 'tr-' || wanted.trace and spans.span_id = wanted.span"),
        address=address,
        postgres=cluster.processes,
        health="/health",
        headers={"x-mlflow-experiment-id": "0"},
    )


def phoenix(cluster: Cluster, places: Places, venvs: Path) -> Server:
    programs, port = installed(PHOENIX, venvs / "venv-phoenix"), free_port()
    address = cluster.make("phoenix")
    settings = {"HOST": "127.0.0.1", "PORT": str(port), "GRPC_PORT": str(free_port()), "SQL_DATABASE_URL": address}
    settings |= {"WORKING_DIR": str(places.logs / "phoenix-files"), "TELEMETRY_ENABLED": "false"}
    return Server(
        name="phoenix",
        version=version_of(PHOENIX, programs),
        argv=[str(programs / "phoenix"), "serve"],
        port=port,
        places=places,
        env=QUIET | _on_path(programs) | {f"PHOENIX_{name}": value for name, value in settings.items()},
        layout=Layout("spans", "spans.span_id = wanted.span"),
        address=address,
        postgres=cluster.processes,
    )


def bare_floor(cluster: Cluster, places: Places, venvs: Path) -> Server:  # noqa: ARG001  (it needs no environment)
    port, address = free_port(), cluster.make("floor")
    with psycopg.connect(address) as connection:
        connection.execute(floor.TABLE)
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--no-ws"]
    return Server(
        name="floor",
        version="",
        argv=[*argv, "--host", "127.0.0.1", "--port", str(port), "ingestion.floor:app"],
        port=port,
        places=places,
        env={"PYTHONPATH": str(BENCH), "FLOOR_DATABASE_URL": address},
        layout=Layout("spans", "spans.trace_id = wanted.trace::uuid and spans.span_id = decode(wanted.span, 'hex')"),
        address=address,
        postgres=cluster.processes,
    )


PEERS = {"floor": bare_floor, "mlflow": mlflow, "phoenix": phoenix}


def installed(package: Package, folder: Path) -> Path:
    """The programs of an environment, made and filled where it is not there."""
    python = folder / "bin" / "python"
    if not (folder / "bin" / package.name).exists():
        print(f"installing {package.name} into {folder} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=INSTALL_S)
        pip = [str(python), "-m", "pip", "install", "--quiet", *package.requirements]
        subprocess.run(pip, check=True, timeout=INSTALL_S)
    return folder / "bin"


def version_of(package: Package, programs: Path) -> str:
    """What is installed, which may be another version than was asked for when the environment was made elsewhere."""
    ask = f"import importlib.metadata as m; print(m.version({package.name!r}))"
    done = subprocess.run([str(programs / "python"), "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def _on_path(programs: Path) -> dict[str, str]:
    return {"PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"}

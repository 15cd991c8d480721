"""The command line: every module here with a `command` is one, and is imported when it is used."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click

import evalhub
from evalhub.errors import EvalhubError


class Commands(click.Group):
    """Finds commands by the names of modules, and tells what is wrong in words instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = sorted(module.name for module in pkgutil.iter_modules(__path__))
        return [name for name in names if self.get_command(ctx, name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in {module.name for module in pkgutil.iter_modules(__path__)}:
            return None
        return getattr(importlib.import_module(f"{__name__}.{cmd_name}"), "command", None)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EvalhubError as error:
            click.secho(str(error), fg="red", err=True)
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(evalhub.__version__, prog_name="evalhub")
def main() -> None:
    """Observe, label and evaluate voice agents."""

"""The blueprints, the addresses of built files, and what templates may call."""

import importlib
import json
import pkgutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

from flask import Flask, url_for
from markupsafe import Markup
from werkzeug.routing import PathConverter

import webui

BUILT = Path(__file__).parent / "static" / "built"
NOT_PAGES = {"pages", "access", "answers", "context", "csrf", "doorbell", "forms", "limits", "logs", "security"}


class AnyPath(PathConverter):
    """Ids are the client's own and may begin with a slash."""

    regex = "(?s:.+?)"
    part_isolating = False


def init_app(app: Flask) -> None:
    app.url_map.converters["path"] = AnyPath
    for module in _modules():
        if hasattr(module, "bp"):
            app.register_blueprint(module.bp)
    from webui.api import api
    from webui.api.livekit import otel

    app.register_blueprint(api)
    app.register_blueprint(otel)
    app.jinja_env.globals.update(asset=asset, icon=icon, known_pages=app.view_functions)
    app.jinja_env.filters.update(duration=duration, when=when, ago=ago)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.send_file_max_age_default = None


def _modules() -> list[ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(webui.__path__) if info.name not in NOT_PAGES)
    return [importlib.import_module(f"webui.{name}") for name in names]


@cache
def _manifest() -> dict[str, str]:
    path = BUILT / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}  # type: ignore[no-any-return]


def asset(name: str) -> str:
    """Address of a built file; it changes with the content, so browsers may keep it."""
    path, _, version = _manifest().get(name, name).partition("?v=")
    return url_for("static", filename=f"built/{path}", v=version or None)


def icon(name: str, label: str = "") -> Markup:
    """An icon of the sprite; with a label it stands for words, without it is decoration."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(spoken, asset("icons.svg"), name)


def duration(ms: float | None) -> str:
    """3:12 for a call, 0.9 s for a wait, 60 ms for a tool."""
    if ms is None:
        return "-"
    if ms < 100:
        return f"{ms:.0f} ms"
    if ms < 10_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def when(moment: datetime | None) -> Markup:
    """A time that the browser shows in the viewer's zone."""
    if moment is None:
        return Markup("-")
    return Markup('<time datetime="{}">{:%-d %b %Y %H:%M} UTC</time>').format(moment.isoformat(), moment)


def ago(moment: datetime | None) -> str:
    """How long ago, in words."""
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if 2 <= seconds < 60:
        return f"{int(seconds)} s ago"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "just now"

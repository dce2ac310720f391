"""Where the ready server's settings come from.

The environment, then `.env`, then `unlatch.toml`, both in the current folder; what comes
first wins, setting by setting, and what is empty says nothing. A setting and its `…_FILE` twin
count as one.
"""

import tomllib
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from unlatch.errors import SettingsError

_PREFIX = "UNLATCH_"
_OURS_HERE = ("DATABASE_URL", "REDIS_URL")
"""In a host's app they are the host's; in the ready server they are ours."""

_AS_FLASK_PROJECTS_SAY = frozenset(
    {
        "SECRET_KEY",
        "MAIL_SERVER",
        "MAIL_PORT",
        "MAIL_USERNAME",
        "MAIL_PASSWORD",
        "MAIL_FROM",
        "DATABASE_URL",
        "REDIS_URL",
    }
)


def read_config(folder: Path, environ: Mapping[str, str]) -> dict[str, object]:
    """The settings by their full names, as `Settings.read` and an app's config take them.

    Raises:
        SettingsError: One of the two files cannot be read.
    """
    config: dict[str, object] = {}
    for source in (environ, _dotenv(folder / ".env"), _toml(folder / "unlatch.toml")):
        told = {_setting(name) for name in config}
        config |= {
            name: value
            for name, value in source.items()
            if value != "" and _is_ours(name) and _setting(name) not in told
        }
    return _with_plain_urls(config)


def _setting(name: str) -> str:
    return name.removesuffix("_FILE")


def _is_ours(name: str) -> bool:
    return name.startswith(_PREFIX) or _setting(name) in _AS_FLASK_PROJECTS_SAY


def _with_plain_urls(config: dict[str, object]) -> dict[str, object]:
    """Those mean ours here, where ours are not set by their own names."""
    for url in _OURS_HERE:
        plain = {name: config.pop(name) for name in list(config) if _setting(name) == url}
        if not any(_setting(name) == _PREFIX + url for name in config):
            config |= {_PREFIX + name: value for name, value in plain.items()}
    return config


def _dotenv(path: Path) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} cannot be read: {error}."]) from error
    # python-dotenv warns of a line that it cannot read, and goes on without. So a site would begin
    # anew, with an empty file, because of a quote after the address of its database.
    if faults := [
        f"{path}, line {one.original.line}: this is no NAME=value."
        for one in parse_stream(StringIO(text))
        if one.error or (one.key and one.value is None and _is_ours(one.key))
    ]:
        raise SettingsError(faults)
    return dict(dotenv_values(stream=StringIO(text)))


def _toml(path: Path) -> dict[str, object]:
    """Names there are those of the settings, in lower case and without their beginning."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{path} cannot be read: {error}."]) from error
    return {_PREFIX + name.upper(): value for name, value in values.items()}

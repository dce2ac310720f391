"""The mapping that an app is configured by, read value by value: what is no such value is a fault,
and the faults are gathered, so that all can be told at once.

A setting `NAME` is `UNLATCH_NAME` in the mapping, or in a file that `UNLATCH_NAME_FILE` names:
secrets are often handed over so.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

_YEAR = 365 * 86_400


class Config:
    """Attributes:
    faults: So far; a sentence each.
    """

    def __init__(self, config: Mapping[str, object]) -> None:
        self._config = config
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        """Gather one."""
        if sentence not in self.faults:  # some settings are looked at twice
            self.faults.append(sentence)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """A fault for each `UNLATCH_…` that is none of the known: most likely it is misspelled."""
        for key in sorted(self._config):
            name = key.removesuffix("_FILE")
            if not key.startswith("UNLATCH_") or name in known:
                continue
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.fault(f"{key} is not a setting.{hint}")

    def given(self, key: str) -> object:
        """What stands in the mapping by that very key, or None."""
        return self._config.get(key)

    def text(self, name: str, fallback: str = "") -> str:
        """The value as text, or the empty string.

        Args:
            fallback: A key that Flask projects use for it, and that counts where ours is not set.
        """
        for key in (f"UNLATCH_{name}", fallback):
            if not key:
                continue
            value = self._config.get(key)
            if value not in (None, ""):
                return self.as_text(key, value)
            path = self._config.get(f"{key}_FILE")
            if path:
                return self._from_file(key, self.as_text(f"{key}_FILE", path))
        return ""

    def as_text(self, key: str, value: object) -> str:
        """A value of that key as text."""
        try:
            text = str(value).strip()
            text.encode()
        except ValueError:  # an environment's bytes that are no UTF-8, or a number without end
            self.fault(f"{key} holds what is no text.")
            return ""
        return text

    def listed(self, name: str) -> tuple[str, ...]:
        """Several values: a list, or a text with commas between them."""
        key = f"UNLATCH_{name}"
        value = self._config.get(key)
        if isinstance(value, list | tuple):
            return tuple(self.as_text(key, one) for one in value)
        return tuple(one.strip() for one in self.text(name).split(",") if one.strip())

    def one_of(self, name: str, values: tuple[str, ...]) -> str:
        """One of some words; the first where it is not set."""
        value = self.text(name).lower() or values[0]
        if value not in values:
            self.fault(f"UNLATCH_{name} is {value!r}; it takes {' or '.join(values)}.")
        return value

    def seconds(self, name: str, default: int, *, least: int = 1, most: int = _YEAR) -> int:
        """A whole number of seconds."""
        return self._whole(name, default, "seconds", least, most)

    def days(self, name: str, default: int, *, most: int) -> int:
        """A whole number of days, at least one."""
        return self._whole(name, default, "days", 1, most)

    def _whole(self, name: str, default: int, unit: str, least: int, most: int) -> int:
        value = self.text(name)
        if not value:
            return default
        whole = value.isdecimal() and len(value) < 10
        if not whole or not least <= int(value) <= most:
            self.fault(
                f"UNLATCH_{name} is {value!r}; "
                f"it takes a whole number of {unit} from {least} to {most}."
            )
            return default
        return int(value)

    def _from_file(self, key: str, path: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:  # not there, no text, or no path
            self.fault(f"{key}_FILE names {path}, which cannot be read: {error}.")
            return ""


def is_port(text: str) -> bool:
    """Whether it is the number of one."""
    return text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536

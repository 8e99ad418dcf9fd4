"""The whole error tree.

CsaError                what the user can fix; the command exits with 2
├── ConfigError         a city or deployment file; holds every fault found
├── SourceError         an input file: unreadable, empty, another city's, wrong columns
├── TableError          a table that lacks a column, or holds values it must not
├── CrsError            no coordinate system, or one that is not in meters
├── ParamError          an analyst's choice outside its range
├── PeriodError         a period wholly outside the data
├── OutputError         a place that cannot be written, or holds something else
├── MapError            a map that cannot be drawn
├── PrivacyError        what was published before cannot be read; texts that must not be published
├── StoreError          a store that cannot be opened, read or written
├── ConflictError       somebody else changed it meanwhile
├── RoleError           a change that a person's role does not allow
└── MachineError        a library that this machine lacks; the command exits with 1
"""

from __future__ import annotations

from csa.base.message import Message, msg


class CsaError(Exception):
    """A mistake that the user can fix: what was wrong, where, what to do."""

    def __init__(self, key: str, /, **values: object) -> None:
        self.message: Message = msg(key, **values)
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the English sentence."""
        return str(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle it, so that other processes can raise it."""
        return _made_again, (type(self), dict(self.__dict__))


def _made_again(kind: type[CsaError], state: dict[str, object]) -> CsaError:
    error = kind.__new__(kind, state["message"])
    error.__dict__.update(state)
    return error


class ConfigError(CsaError):
    """A city or deployment file that cannot be used."""

    def __init__(self, key: str, /, *, faults: tuple[Message, ...] = (), **values: object) -> None:
        self.faults = faults
        super().__init__(key, **values)


class SourceError(CsaError):
    """An input file that cannot be read, is empty, or is not what the city's file describes."""

    faults: tuple[Message, ...] = ()
    """Every fault found, if the whole file is refused."""


class TableError(CsaError):
    """A table that lacks a column, or holds values that it must not hold."""


class CrsError(CsaError):
    """No coordinate system, or one in which the asked length or area has no meaning."""


class ParamError(CsaError):
    """An analyst's choice outside its range."""


class PeriodError(CsaError):
    """A period wholly outside the data."""


class OutputError(CsaError):
    """A place that cannot be written, or that holds something else."""


class MapError(CsaError):
    """A map that cannot be drawn; what reads it says so in its place."""


class PrivacyError(CsaError):
    """A record of what was published that cannot be read, or texts that must not be published."""

    texts: tuple[str, ...] = ()  # those that were caught


class StoreError(CsaError):
    """A store that cannot be opened, read or written: absent, damaged, full, down."""


class ConflictError(CsaError):
    """A change of something that somebody else changed meanwhile; it was not written."""


class RoleError(CsaError):
    """A change that a person's role does not allow."""


class MachineError(CsaError):
    """What this machine lacks, and how to install it: the user's choices are not wrong."""

"""What a city can do without, a folder each that one can take away; `csa.base.extra` finds them."""

from csa.base.extra import Extra, ExtraPage

__all__ = ["Extra", "ExtraPage"]

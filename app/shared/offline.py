"""Keep Streamlit from asking a host on the internet for this machine's address.

It would ask at start if it listens to more than this machine, and whenever a browser comes from
an address that it does not know.
"""

from __future__ import annotations

from streamlit import net_util


def ask_no_host() -> None:
    """Answer without the internet that this machine's external address is unknown."""
    _ = net_util.get_external_ip
    net_util.get_external_ip = lambda: None

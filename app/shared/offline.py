"""Streamlit asks a host on the internet for this machine's address; here it does not.

It would at start where it listens to more than this machine, and whenever a browser comes from
an address that it does not know.
"""

from __future__ import annotations

from streamlit import net_util


def ask_no_host() -> None:
    """Answer for the internet: this machine's outer address is not known."""
    _ = net_util.get_external_ip
    net_util.get_external_ip = lambda: None

"""Streamlit's own question to the internet is not asked."""

import importlib.util

import requests
from streamlit import net_util
from streamlit.web.server import server_util

from csa_app.shared.settings import ask_no_host


def test_a_browser_from_elsewhere_is_refused_and_no_host_is_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(requests, "get", lambda *address, **_: asked.append(address))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # put back after
    ask_no_host()
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example:8501")
    assert server_util.is_url_from_allowed_origins("http://127.0.0.1:8501")
    assert asked == []


def test_without_it_a_host_would_be_asked(monkeypatch):
    """So that the day Streamlit stops asking, or asks in another way, is noticed."""
    spec = importlib.util.spec_from_file_location("their_net_util", net_util.__file__)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    asked = []
    monkeypatch.setattr(theirs, "_make_blocking_http_get", lambda *a, **_: asked.append(a))
    assert theirs.get_external_ip() is None
    assert len(asked) == 2

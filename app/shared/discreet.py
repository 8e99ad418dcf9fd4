"""Keep out of what a browser is sent first which server this is: nobody has signed in yet."""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession


def say_nothing_of_the_server() -> None:
    """Leave versions, paths and the machine's own mark out of each page's first message."""
    make = AppSession._create_new_session_message  # noqa: SLF001

    @wraps(make)
    def make_discreet(*given: Any, **named: Any) -> ForwardMsg:
        message = make(*given, **named)
        said = message.new_session
        said.ClearField("main_script_path")
        for part in (said.initialize.environment_info, said.initialize.user_info):
            part.Clear()
            part.SetInParent()  # a browser reads the part, not whether it is there
        return message

    AppSession._create_new_session_message = make_discreet  # type: ignore[method-assign] # noqa: SLF001

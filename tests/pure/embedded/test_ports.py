"""Who holds a port."""

import os
import socket

import pytest

from evalhub.embedded.ports import check_port
from evalhub.errors import SetupError


def test_a_taken_port_names_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SetupError, match=rf"Port {port} is taken by process {os.getpid()} \(.+\)"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SetupError, match=r"Cannot listen on 192\.0\.2\.1:8390"):
        check_port("192.0.2.1", 8390)


def test_a_name_nobody_knows_is_refused() -> None:
    with pytest.raises(SetupError, match="Cannot listen on no host"):
        check_port("no host", 8390)

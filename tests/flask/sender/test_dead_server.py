"""A mail server that takes connections and says nothing: pages do not wait for it."""

import threading

import pytest
from fixtures import person

from unlatch.flask.sender import SmtpTransport


@pytest.fixture
def silence(odd_server):
    """Such a server: its address, and the connections that wait in it."""
    waiting, came = [], threading.Event()

    def say_nothing(connection, over):
        waiting.append(connection)
        came.set()
        over.wait(30)

    return odd_server(say_nothing), waiting, came


def test_a_dead_server_does_not_slow_the_page(new_app, silence, home_origin):
    server, waiting, came = silence
    app = new_app()
    sender = app.extensions["unlatch"].sender
    sender.transport, sender.worker = SmtpTransport(server), "thread"
    mira = person(app, home_origin)

    mira.register()  # asks for a mail
    assert came.wait(20)
    assert mira.form("/auth/fresh/email").status_code == 303
    assert mira.get("/auth/account").status_code == 200

    (connection,) = waiting
    connection.setblocking(False)
    with pytest.raises(BlockingIOError):  # the sender waits still: it has not hung up
        connection.recv(1)
    sender.stop(0)  # it would wait for the mail at hand, which goes nowhere

"""The whole of it as in compose.yaml: a real browser through a proxy that ends TLS, two servers of
two workers each on PostgreSQL and Redis, and a sender apart.
"""

import base64
import hashlib
import re
from email import message_from_bytes, policy

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from postman import mail_server
from processes import free_port
from topology import topology

from tests.browser.conftest import DESKTOP, REMEMBER_ASKS, Device, Site, Visitor
from unlatch.flask.sender.reading import body, code_in
from unlatch.testing import Outbox


@pytest.fixture(scope="module")
def postman():
    with mail_server(free_port()) as postman:
        yield postman


@pytest.fixture(scope="module")
def whole(postman):
    mail = {
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": f"{postman.port}",
        "MAIL_FROM": "sign-in@example.com",
        "UNLATCH_MAIL_SECURITY": "none",
    }
    with topology(mail) as whole:
        yield whole


@pytest.fixture
def open_browser(browser_type, browser_type_launch_args, whole):
    """Knows the proxy's certificate: on a page with one that it does not know there are no
    passkeys.
    """
    knows = f"--ignore-certificate-errors-spki-list={pin(whole.certificate)}"
    flags = [*browser_type_launch_args["args"], knows]
    browsers = []

    def open_browser():
        browser = browser_type.launch(**browser_type_launch_args | {"args": flags})
        browsers.append(browser)
        size = {"width": DESKTOP, "height": 900}
        context = browser.new_context(base_url=whole.url, viewport=size, reduced_motion="reduce")
        context.add_init_script(REMEMBER_ASKS)
        visitor = Visitor(context, Site(Flask("elsewhere"), Outbox(None), whole.url))
        visitor.page = context.new_page()
        visitor.device = Device(visitor.page)
        return visitor

    yield open_browser
    for browser in browsers:
        browser.close()


def pin(certificate):
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    written = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(written).digest()).decode()


def code(postman):
    """The newest, or None; a notice without one may have come after it."""
    mails = [message_from_bytes(one, policy=policy.default) for one in reversed(postman.contents)]
    return next(filter(None, (code_in(body(mail, "plain")) for mail in mails)), None)


def register(visitor, name):
    visitor.goto("/auth/register")
    visitor.page.get_by_label("Username").fill(name)
    visitor.page.get_by_label("Email").fill(f"{name}@example.com")
    visitor.press("Create account")
    visitor.press("Create a passkey")
    visitor.sees("You're all set")


def test_somebody_comes_and_goes_whatever_falls_over(whole, open_browser, postman):
    visitor = open_browser()
    register(visitor, "mira")
    visitor.until(lambda: code(postman))
    visitor.type("Code", code(postman))
    visitor.press("Confirm")
    visitor.arrive_at_account()
    visitor.press("Sign out")
    visitor.sees("Welcome back")

    whole.servers[0].kill()
    visitor.press("Sign in with a passkey")
    visitor.arrive_at_account()

    whole.servers[0].start()
    whole.servers[1].kill()
    whole.redis.kill()
    visitor.page.reload()
    visitor.arrive_at_account()
    visitor.press("Sign out")
    visitor.press("Sign in with a passkey")
    visitor.arrive_at_account()

    assert visitor.complaints() == []


def test_cookies_are_for_https_alone(whole, open_browser):
    visitor = open_browser()
    visitor.goto("/auth/sign-in")
    visitor.waits_for_autofill()

    cookies = visitor.context.cookies()

    assert cookies
    assert all(one["secure"] and one["name"].startswith("__Host-") for one in cookies)


def test_nobody_is_kept_out_by_cookies_that_somebody_planted(whole, open_browser):
    """By `__Host-` itself a browser keeps out what a sub-domain sets by that name, but not these:
    quotes that would swallow ours, and one of the same name by a script that once ran here.
    """
    visitor = open_browser()
    register(visitor, "noah")
    plant = "name => document.cookie = name + '; Secure'"
    visitor.page.evaluate(plant, 'a="; Path=/auth')
    visitor.page.evaluate(plant, 'b="; Path=/')
    assert re.fullmatch('a="; .*; b="', sent(visitor))
    assert visitor.page.goto("/auth/session").status == 200

    visitor.page.evaluate(plant, "__Host-unlatch=planted; Path=/; Partitioned")
    assert sent(visitor).count("__Host-unlatch=") == 2
    assert visitor.page.goto("/auth/session").status == 401
    assert sent(visitor).count("__Host-unlatch=") == 1
    assert visitor.page.goto("/auth/session").status == 200


def sent(visitor):
    """The cookies with which the browser asks for a page of ours."""
    with visitor.page.expect_request("**/auth/healthz") as asked:
        visitor.page.evaluate("fetch('/auth/healthz')")
    return asked.value.all_headers()["cookie"]

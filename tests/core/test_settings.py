"""The settings: every fault is a sentence with the key and the cure, and all are told at once."""

import ipaddress

import pytest

from unlatch.errors import SettingsError
from unlatch.mail_server import MailServer
from unlatch.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
GOOD = {
    "UNLATCH_ORIGIN": "https://example.com",
    "UNLATCH_SECRET_KEYS": KEY,
    "UNLATCH_MAIL_SERVER": "smtp.example.com",
    "UNLATCH_MAIL_FROM": "sign-in@example.com",
    "UNLATCH_TRUSTED_PROXIES": "none",
}


def read(development: bool = False, **config: object) -> Settings:
    return Settings.read(GOOD | config, development=development)


def faults_of(development: bool = False, **config: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read(development, **config)
    return refused.value.faults


def test_in_development_nothing_is_needed():
    settings = Settings.read({}, development=True)

    assert settings.development
    assert settings.origins == ()
    assert settings.rp_id == "localhost"
    assert settings.database_url is None
    assert settings.secret_keys == ()
    assert settings.mail is None
    assert settings.registration_open
    assert settings.url_prefix == "/auth"
    assert settings.base_template is None
    assert (settings.session_idle, settings.session_max) == (86_400, 30 * 86_400)
    assert settings.mail_seconds == 600
    assert settings.trusted_proxies == ()


def test_outside_development_what_is_missing_is_told_all_at_once():
    with pytest.raises(SettingsError) as refused:
        Settings.read({}, development=False)

    assert [one.split()[:3] for one in refused.value.faults] == [
        ["UNLATCH_ORIGIN", "is", "missing;"],
        ["UNLATCH_SECRET_KEYS", "is", "missing;"],
        ["UNLATCH_MAIL_SERVER", "is", "missing;"],
        ["UNLATCH_MAIL_FROM", "is", "missing;"],
        ["UNLATCH_TRUSTED_PROXIES", "is", "missing;"],
    ]
    assert str(refused.value).startswith("Unlatch cannot start:\n  - UNLATCH_ORIGIN")
    assert str(refused.value).count("\n") == 5


def test_what_is_wrong_with_mail_does_not_wait_for_its_server():
    faults = faults_of(UNLATCH_MAIL_SERVER="", UNLATCH_MAIL_FROM="Acme", UNLATCH_MAIL_PORT="smtp")

    assert [one.split()[0] for one in faults] == [
        "UNLATCH_MAIL_SERVER",
        "UNLATCH_MAIL_FROM",
        "UNLATCH_MAIL_PORT",
    ]


FAULTS = [
    (
        {"UNLATCH_ORIGIN": "example.com"},
        "UNLATCH_ORIGIN is 'example.com'; it takes an address like",
    ),
    ({"UNLATCH_ORIGIN": "ftp://example.com"}, "it takes an address like https://example.com"),
    ({"UNLATCH_ORIGIN": "https://"}, "it takes an address like https://example.com"),
    ({"UNLATCH_ORIGIN": "https://[::1"}, "it takes an address like https://example.com"),
    ({"UNLATCH_ORIGIN": "https://example.com:99999"}, "it takes an address like"),
    ({"UNLATCH_ORIGIN": "https://example.com:0"}, "it takes an address like"),
    ({"UNLATCH_ORIGIN": "https://example.com/app"}, "no path"),
    ({"UNLATCH_ORIGIN": "https://example.com?x=1"}, "no path"),
    ({"UNLATCH_ORIGIN": "https://example.com#x"}, "no path"),
    ({"UNLATCH_ORIGIN": "https://me@example.com"}, "no path"),
    ({"UNLATCH_ORIGIN": "http://example.com"}, "passkeys need https outside development"),
    ({"UNLATCH_ORIGIN": "http://localhost:5000"}, "passkeys need https outside development"),
    ({"UNLATCH_ORIGIN": "https://bücher.example"}, "xn--bcher-kva.example"),
    ({"UNLATCH_ORIGIN": "https://exa mple.com"}, "a host as browsers send it"),
    ({"UNLATCH_ORIGIN": "https://example.com,http://x"}, "UNLATCH_ORIGIN is 'http://x'"),
    ({"UNLATCH_RP_ID": "other.com"}, "UNLATCH_RP_ID is 'other.com', but the site is 'example.com'"),
    ({"UNLATCH_RP_ID": "www.example.com"}, "it must be that host or a domain above it"),
    ({"UNLATCH_RP_ID": "ample.com"}, "it must be that host or a domain above it"),
    ({"UNLATCH_DATABASE_URL": "oracle://x"}, "UNLATCH_DATABASE_URL begins with 'oracle'"),
    ({"UNLATCH_DATABASE_POOLER": "transaction"}, "UNLATCH_DATABASE_POOLER stands in front of"),
    ({"UNLATCH_SECRET_KEYS": "short"}, "UNLATCH_SECRET_KEYS (or SECRET_KEY) is shorter than 32"),
    ({"UNLATCH_SECRET_KEYS": "a" * 40}, "UNLATCH_SECRET_KEYS (or SECRET_KEY)"),
    ({"UNLATCH_SECRET_KEYS": f"change-me-{KEY}"}, "or a placeholder"),
    ({"UNLATCH_SECRET_KEYS": f"Change_Me {KEY}"}, "or a placeholder"),
    ({"UNLATCH_SECRET_KEYS": f"my SECRET-KEY, {KEY}"}, "or a placeholder"),
    (
        {"SECRET_KEY": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"}
        | {"UNLATCH_SECRET_KEYS": ""},
        "or a placeholder",
    ),
    ({"UNLATCH_SECRET_KEYS": "pf9Wkove4IKEAXvy-cQkeDPhv9Cb3Ag-wyJILbq_dFw"}, "or a placeholder"),
    ({"UNLATCH_SECRET_KEYS": f"{KEY},short"}, "UNLATCH_SECRET_KEYS (or SECRET_KEY)"),
    ({"UNLATCH_SECRET_KEYS": "", "SECRET_KEY": "dev"}, "UNLATCH_SECRET_KEYS (or SECRET_KEY)"),
    ({"UNLATCH_MAIL_FROM": ""}, "UNLATCH_MAIL_FROM is missing; set it to the address"),
    ({"UNLATCH_MAIL_FROM": "", "MAIL_USERNAME": "acme"}, "UNLATCH_MAIL_FROM is missing"),
    ({"UNLATCH_MAIL_FROM": "Acme"}, "UNLATCH_MAIL_FROM is no address; set it"),
    ({"UNLATCH_MAIL_FROM": "@example.com"}, "UNLATCH_MAIL_FROM is no address; set it"),
    ({"UNLATCH_MAIL_PORT": "smtp"}, "UNLATCH_MAIL_PORT is 'smtp'; it takes a port number."),
    ({"UNLATCH_MAIL_PORT": "0"}, "UNLATCH_MAIL_PORT is '0'"),
    ({"UNLATCH_MAIL_PORT": 65536}, "UNLATCH_MAIL_PORT is '65536'"),
    ({"UNLATCH_MAIL_PORT": "²"}, "UNLATCH_MAIL_PORT is '²'"),
    (
        {"UNLATCH_MAIL_SECURITY": "ssl"},
        "UNLATCH_MAIL_SECURITY is 'ssl'; it takes starttls, tls or none",
    ),
    (
        {"UNLATCH_REGISTRATION": "maybe"},
        "UNLATCH_REGISTRATION is 'maybe'; it takes open or closed.",
    ),
    ({"UNLATCH_URL_PREFIX": "auth"}, "UNLATCH_URL_PREFIX is 'auth'; it takes a path like /auth."),
    ({"UNLATCH_URL_PREFIX": "/auth/"}, "it takes a path like /auth."),
    ({"UNLATCH_URL_PREFIX": "/a//b"}, "it takes a path like /auth."),
    ({"UNLATCH_URL_PREFIX": "/"}, "it takes a path like /auth."),
    ({"UNLATCH_CSP_SOURCES": "https://cdn.example.com"}, "UNLATCH_CSP_SOURCES has 'https://cdn"),
    ({"UNLATCH_SESSION_IDLE": "1 day"}, "UNLATCH_SESSION_IDLE is '1 day'; it takes a whole number"),
    ({"UNLATCH_SESSION_IDLE": "²"}, "UNLATCH_SESSION_IDLE is '²'"),
    ({"UNLATCH_SESSION_MAX": "0"}, "UNLATCH_SESSION_MAX is '0'"),
    ({"UNLATCH_SESSION_MAX": -5}, "UNLATCH_SESSION_MAX is '-5'"),
    ({"UNLATCH_MAIL_SECONDS": "1.5"}, "UNLATCH_MAIL_SECONDS is '1.5'"),
    ({"UNLATCH_DATABASE_URL": "memory:"}, "is memory:, which forgets"),
    ({"UNLATCH_RP_ID": "com"}, "it must be that host or a domain above it"),
    ({"UNLATCH_ORIGIN": "https://@example.com"}, "a scheme, a host and a port only"),
    ({"UNLATCH_URL_PREFIX": "/a/<path:x>"}, "it takes a path like /auth"),
    (
        {"UNLATCH_MAIL_SECURITY": "none", "UNLATCH_MAIL_USERNAME": "x"},
        "would send the login in the clear",
    ),
    ({"UNLATCH_CSP_SOURCES": {"frame-ancestors": ["*"]}}, "has 'frame-ancestors'"),
    ({"UNLATCH_CSP_SOURCES": "object-src https://x.example"}, "has 'object-src'"),
    ({"UNLATCH_CSP_SOURCES": {"script-src": ["'unsafe-inline'"]}}, "what the policy is there"),
    ({"UNLATCH_CSP_SOURCES": {"img-src": ["x; script-src *"]}}, "what the policy is there"),
    ({"UNLATCH_MAIL_SECONDS": "59"}, "whole number of seconds from 60 to 900"),
    ({"UNLATCH_MAIL_SECONDS": "901"}, "whole number of seconds from 60 to 900"),
    ({"UNLATCH_MAIL_WORKER": "none"}, "UNLATCH_MAIL_WORKER is 'none'; it takes thread or external"),
    ({"UNLATCH_EVENTS_DAYS": "0"}, "whole number of days from 1 to 3650"),
    ({"UNLATCH_EVENTS_DAYS": "3651"}, "whole number of days from 1 to 3650"),
    (
        {"UNLATCH_TRUSTED_PROXIES": "proxy"},
        "UNLATCH_TRUSTED_PROXIES has 'proxy', which is no address",
    ),
    ({"UNLATCH_TRUSTED_PROXIES": "10.0.0.0/33"}, "UNLATCH_TRUSTED_PROXIES has '10.0.0.0/33'"),
    ({"UNLATCH_METRICS": "on"}, "UNLATCH_METRICS is 'on'; it takes a port of this machine"),
    ({"UNLATCH_METRICS": "0"}, "UNLATCH_METRICS is '0'"),
    ({"UNLATCH_METRICS": "65536"}, "UNLATCH_METRICS is '65536'"),
    ({"UNLATCH_METRICS": "localhost:9464"}, "UNLATCH_METRICS is 'localhost:9464'"),
    ({"UNLATCH_METRICS": "0.0.0.0:"}, "UNLATCH_METRICS is '0.0.0.0:'"),
    ({"UNLATCH_ORIGN": "x"}, "UNLATCH_ORIGN is not a setting. Did you mean UNLATCH_ORIGIN?"),
    (
        {"UNLATCH_SECRET_KEY": KEY},
        "UNLATCH_SECRET_KEY is not a setting. Did you mean UNLATCH_SECRET_KEYS?",
    ),
    (
        {"UNLATCH_MAIL_PASSWORD_FILE": "/nowhere"},
        "UNLATCH_MAIL_PASSWORD_FILE names /nowhere, which cannot be read",
    ),
]


@pytest.mark.parametrize(("config", "sentence"), FAULTS, ids=lambda part: str(part)[:40])
def test_a_fault_is_a_sentence_with_the_key_and_the_cure(config, sentence):
    (fault,) = faults_of(**config)

    assert sentence in fault
    assert fault.endswith((".", "?"))
    assert "\n" not in fault


def test_no_setting_is_suggested_that_only_begins_alike():
    assert faults_of(UNLATCH_ZZZ="x") == ("UNLATCH_ZZZ is not a setting.",)


def test_several_faults_are_told_together():
    told = faults_of(
        UNLATCH_ORIGIN="x", UNLATCH_MAIL_PORT="x", UNLATCH_TYPO="x", UNLATCH_REGISTRATION="x"
    )

    assert len(told) >= 4


def test_no_fault_quotes_a_secret():
    told = faults_of(
        UNLATCH_SECRET_KEYS="s3cr3t",
        UNLATCH_MAIL_PASSWORD="pa55word",
        UNLATCH_DATABASE_URL="mysql://me:pa55word@db/x",
    )

    assert "s3cr3t" not in " ".join(told)
    assert "pa55word" not in " ".join(told)


def test_settings_show_no_secret():
    settings = read(UNLATCH_MAIL_USERNAME="me", UNLATCH_MAIL_PASSWORD="pa55word")

    assert KEY not in repr(settings)
    assert "pa55word" not in repr(settings)


@pytest.mark.parametrize(
    ("typed", "origins"),
    [
        ("https://example.com", ("https://example.com",)),
        ("HTTPS://Example.COM/", ("https://example.com",)),
        ("https://example.com:443", ("https://example.com",)),
        ("https://example.com:8443", ("https://example.com:8443",)),
        ("https://a.example, https://b.example ,", ("https://a.example", "https://b.example")),
        (["https://a.example", " https://b.example "], ("https://a.example", "https://b.example")),
    ],
)
def test_origins_are_read_as_browsers_write_them(typed, origins):
    assert read(UNLATCH_ORIGIN=typed).origins == origins


def test_in_development_an_origin_may_be_plain_http():
    settings = read(True, UNLATCH_ORIGIN="http://localhost:80, http://host.test:5000")

    assert settings.origins == ("http://localhost", "http://host.test:5000")


@pytest.mark.parametrize(
    ("config", "rp_id"),
    [
        ({}, "example.com"),
        ({"UNLATCH_ORIGIN": "https://www.example.com:8443"}, "www.example.com"),
        (
            {"UNLATCH_ORIGIN": "https://www.example.com", "UNLATCH_RP_ID": "Example.com"},
            "example.com",
        ),
    ],
)
def test_the_rp_id_is_the_first_origins_host_or_above_it(config, rp_id):
    assert read(**config).rp_id == rp_id


def test_the_sites_name_is_set_or_its_host():
    assert read().site_name == "example.com"
    assert read(UNLATCH_SITE_NAME=" Acme Notes ").site_name == "Acme Notes"
    assert Settings.read({}, development=True).site_name == "Your site"


def test_an_env_as_flask_projects_have_it_works():
    config = {
        "UNLATCH_ORIGIN": "https://example.com",
        "UNLATCH_TRUSTED_PROXIES": "none",
        "SECRET_KEY": KEY,
        "MAIL_SERVER": "smtp.example.com",
        "MAIL_PORT": 465,
        "MAIL_USERNAME": "me@example.com",
        "MAIL_PASSWORD": "pa55word",
    }

    settings = Settings.read(config, development=False)

    assert settings.secret_keys == (KEY.encode(),)
    assert settings.mail == MailServer(
        host="smtp.example.com",
        port=465,
        username="me@example.com",
        password="pa55word",
        sender="me@example.com",
        security="tls",
    )


def test_our_own_names_come_first():
    settings = read(SECRET_KEY="x" * 40, MAIL_SERVER="other.example", MAIL_FROM="other@example.com")

    assert settings.secret_keys == (KEY.encode(),)
    assert settings.mail is not None
    assert (settings.mail.host, settings.mail.sender) == ("smtp.example.com", "sign-in@example.com")


@pytest.mark.parametrize(
    ("config", "port", "security"),
    [
        ({}, 587, "starttls"),
        ({"UNLATCH_MAIL_PORT": "25"}, 25, "starttls"),
        ({"UNLATCH_MAIL_PORT": 465}, 465, "tls"),
        ({"UNLATCH_MAIL_SECURITY": "tls"}, 465, "tls"),
        ({"UNLATCH_MAIL_SECURITY": "none", "UNLATCH_MAIL_PORT": "2525"}, 2525, "none"),
    ],
)
def test_port_and_security_of_mail_fit_together(config, port, security):
    mail = read(**config).mail

    assert mail is not None
    assert (mail.port, mail.security) == (port, security)


def test_the_sender_may_have_a_name():
    mail = read(UNLATCH_MAIL_FROM="Acme Notes <sign-in@example.com>").mail

    assert mail is not None
    assert mail.sender == "Acme Notes <sign-in@example.com>"


def test_keys_are_a_list_first_to_seal_with():
    other = "f" * 16 + KEY
    for listed in (f"{KEY}, {other}", [KEY, other]):
        assert read(UNLATCH_SECRET_KEYS=listed).secret_keys == (KEY.encode(), other.encode())


@pytest.mark.parametrize("key", ["comma, and more of it, " + KEY, bytes(range(0x80, 0xA0)) + b",x"])
def test_flasks_own_key_is_one_key_whatever_is_in_it(key):
    settings = read(UNLATCH_SECRET_KEYS="", SECRET_KEY=key)

    assert settings.secret_keys == (key if isinstance(key, bytes) else key.encode(),)


def test_in_development_a_weak_key_of_flask_is_no_key():
    """Keys of its own are made then; tutorials say SECRET_KEY="dev"."""
    assert Settings.read({"SECRET_KEY": "dev"}, development=True).secret_keys == ()
    assert Settings.read({"SECRET_KEY": KEY}, development=True).secret_keys == (KEY.encode(),)


def test_in_development_a_key_that_is_named_must_be_one():
    assert "UNLATCH_SECRET_KEYS" in faults_of(True, UNLATCH_SECRET_KEYS="dev")[0]


def test_a_secret_may_be_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{KEY}\n")

    settings = read(
        UNLATCH_SECRET_KEYS="", UNLATCH_SECRET_KEYS_FILE=str(file), MAIL_PASSWORD_FILE=file
    )

    assert settings.secret_keys == (KEY.encode(),)
    assert settings.mail is not None
    assert settings.mail.password == KEY


def test_a_file_that_is_no_text_is_a_fault(tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(b"\xff\xfe")

    assert "cannot be read" in faults_of(UNLATCH_MAIL_PASSWORD_FILE=str(file))[0]


@pytest.mark.parametrize(
    "config",
    [
        {"UNLATCH_CSP_SOURCES": "script-src https://a.example 'self'; img-src data:"},
        {
            "UNLATCH_CSP_SOURCES": {
                "script-src": ["https://a.example", "'self'"],
                "img-src": "data:",
            }
        },
    ],
)
def test_csp_sources_are_given_by_directive(config):
    assert read(**config).csp_sources == {
        "script-src": ("https://a.example", "'self'"),
        "img-src": ("data:",),
    }


def test_proxies_are_networks():
    settings = read(UNLATCH_TRUSTED_PROXIES="10.0.0.0/8, 192.0.2.7,2001:db8::/32")

    assert settings.trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("192.0.2.7/32"),
        ipaddress.ip_network("2001:db8::/32"),
    )


@pytest.mark.parametrize("url", ["sqlite:////var/lib/x.sqlite", "memory:"])
def test_a_database_is_named_by_its_url(url):
    assert read(True, UNLATCH_DATABASE_URL=url).database_url == url


@pytest.mark.parametrize(
    ("value", "is_open"), [("open", True), ("OPEN", True), ("", True), ("closed", False)]
)
def test_registration_is_open_unless_closed(value, is_open):
    assert read(UNLATCH_REGISTRATION=value).registration_open is is_open


def test_another_process_sends_no_mail_that_it_does_not_see():
    config = {"UNLATCH_DATABASE_URL": "memory:", "UNLATCH_MAIL_WORKER": "external"}

    (fault,) = faults_of(True, **config)

    assert "UNLATCH_MAIL_WORKER is external, but no other process sees memory:" in fault


def test_what_is_not_ours_is_no_matter():
    assert (
        read(SQLALCHEMY_DATABASE_URI="x", DEBUG=True, unlatch_lower="x").site_name == "example.com"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (9464, "127.0.0.1:9464"),
        ("9464", "127.0.0.1:9464"),
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("[::1]:9464", "[::1]:9464"),
    ],
)
def test_metrics_are_shown_to_this_machine_unless_told_otherwise(text, where):
    settings = Settings.read({"UNLATCH_METRICS": text}, development=True)

    assert str(settings.metrics) == where
    assert Settings.read({}, development=True).metrics is None

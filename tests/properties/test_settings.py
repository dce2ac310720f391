"""Whatever the settings say, they are read, or every fault is told in a sentence."""

import string
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from strategies import json_values, sent_texts, texts

from unlatch.errors import SettingsError
from unlatch.settings import Settings

KEYS = (
    *("ORIGIN", "RP_ID", "SITE_NAME", "DATABASE_URL", "SECRET_KEYS", "MAIL_SERVER", "MAIL_PORT"),
    *("MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_FROM", "MAIL_SECURITY", "REGISTRATION"),
    *("URL_PREFIX", "BASE_TEMPLATE", "CSP_SOURCES", "SESSION_IDLE", "SESSION_MAX"),
    *("MAIL_SECONDS", "TRUSTED_PROXIES", "DEVELOPMENT", "ORIGN"),
)
NOWHERE = str(Path(__file__).parent / "nowhere")
GOOD: dict[str, object] = {
    "UNLATCH_ORIGIN": "https://example.com",
    "UNLATCH_SECRET_KEYS": "0123456789abcdef0123456789abcdef",
    "UNLATCH_MAIL_SERVER": "smtp.example.com",
    "UNLATCH_MAIL_FROM": "sign-in@example.com",
    "UNLATCH_TRUSTED_PROXIES": "none",
}

_PIECES = (
    *("https://", "http://", "example.com", "localhost", ":", "443", "0", "99999", "/", "//", "?"),
    *("@", ",", ";", "[", "]", "::1", "10.0.0.0/8", "none", "open", "closed", "tls", "starttls"),
    *("script-src", "'self'", "'unsafe-inline'", "*", " ", "\n", "\x00", "ü", "a" * 64, "<", ">"),
    *("sqlite:///", "memory:", "\u0661", "²", "9" * 5000, "\ud800", "%", "\\", "true", "-1"),
)
pieced = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
values = st.one_of(pieced, pieced, texts, json_values, st.binary(max_size=40))
names = st.one_of(
    st.sampled_from(KEYS).map("UNLATCH_".__add__),
    st.sampled_from(("SECRET_KEY", "MAIL_SERVER", "MAIL_PORT", "MAIL_USERNAME", "MAIL_FROM")),
    st.text(string.ascii_uppercase, max_size=8).map("UNLATCH_".__add__),
)
files = st.sampled_from(KEYS).map("UNLATCH_{}_FILE".format)
configs = st.dictionaries(names, values, max_size=6)


@given(configs, st.dictionaries(files, sent_texts.map((NOWHERE + "/").__add__)), st.booleans())
@example({"UNLATCH_MAIL_PORT": "9" * 5000}, {}, True)
@example({"UNLATCH_SECRET_KEYS": "\ud800" * 40}, {}, True)
@example({"SECRET_KEY": "\ud800" * 40}, {}, False)
@example({"UNLATCH_CSP_SOURCES": {"img-src": 7}}, {}, True)
@example({"UNLATCH_CSP_SOURCES": {"img-src": [7]}}, {}, True)
@example({}, {"UNLATCH_MAIL_PASSWORD_FILE": "\x00"}, True)
def test_any_settings_are_read_or_their_faults_told(config, by_file, development):
    """On their own, and beside good ones."""
    for told in (config | by_file, GOOD | config | by_file):
        for fault in faults_of(told, development=development):
            assert fault.startswith(("UNLATCH_", "SECRET_", "MAIL_"))
            assert fault.endswith((".", "?"))
            fault.encode()


def faults_of(config, *, development: bool) -> tuple[str, ...]:
    try:
        Settings.read(config, development=development)
    except SettingsError as error:
        return error.faults
    return ()


@given(configs)
def test_settings_that_are_read_are_ones_a_site_can_run_on(config):
    try:
        settings = Settings.read(GOOD | config, development=False)
    except SettingsError:
        return
    assert settings.origins
    assert all(origin.startswith("https://") and origin.isascii() for origin in settings.origins)
    assert all(len(key) >= 32 for key in settings.secret_keys)
    assert settings.secret_keys
    assert settings.mail
    assert settings.url_prefix.startswith("/")
    assert not any(
        piece in source.lower()
        for directive, sources in settings.csp_sources.items()
        for source in (directive, *sources)
        for piece in (";", ",", "\n", " ")
    )


@given(texts.filter(lambda text: len(text.strip()) > 6 and "," not in text))
def test_no_fault_tells_a_secret(secret):
    secret = "s3cr3t" + secret.strip()
    told = {"UNLATCH_SECRET_KEYS": secret, "UNLATCH_MAIL_PASSWORD": secret}

    assert "s3cr3t" not in "".join(faults_of(told, development=False))

"""Settings from the environment, `.env` and `unlatch.toml`."""

import pytest

from unlatch.errors import SettingsError
from unlatch.server.config import read_config


@pytest.fixture
def dotenv(tmp_path):
    return (tmp_path / ".env").write_text


@pytest.fixture
def toml(tmp_path):
    return (tmp_path / "unlatch.toml").write_text


def test_nothing_set_is_nothing_read(tmp_path):
    assert read_config(tmp_path, {"PATH": "/bin", "MAILTO": "root"}) == {}


def test_what_is_ours_is_read_from_the_environment(tmp_path):
    config = read_config(tmp_path, {"UNLATCH_SITE_NAME": "Acme", "SECRET_KEY": "k", "HOME": "/"})

    assert config == {"UNLATCH_SITE_NAME": "Acme", "SECRET_KEY": "k"}


def test_a_dotenv_of_a_flask_project_works_as_it_stands(tmp_path, dotenv):
    dotenv(
        "# mail\n"
        "MAIL_SERVER=smtp.example.com\n"
        "MAIL_PORT=587\n"
        "MAIL_USERNAME=someone\n"
        "MAIL_PASSWORD='p#ss w$rd'\n"
        "FLASK_DEBUG=1\n"
    )

    assert read_config(tmp_path, {}) == {
        "MAIL_SERVER": "smtp.example.com",
        "MAIL_PORT": "587",
        "MAIL_USERNAME": "someone",
        "MAIL_PASSWORD": "p#ss w$rd",
    }


def test_names_in_toml_are_those_of_the_settings_in_lower_case(tmp_path, toml):
    toml(
        'origin = ["https://example.com", "https://www.example.com"]\n'
        "mail_port = 465\n"
        'csp_sources = { script-src = ["https://cdn.example.com"] }\n'
    )

    assert read_config(tmp_path, {}) == {
        "UNLATCH_ORIGIN": ["https://example.com", "https://www.example.com"],
        "UNLATCH_MAIL_PORT": 465,
        "UNLATCH_CSP_SOURCES": {"script-src": ["https://cdn.example.com"]},
    }


def test_the_environment_wins_over_dotenv_and_dotenv_over_toml(tmp_path, dotenv, toml):
    toml('site_name = "toml"\nrp_id = "toml"\nregistration = "closed"\n')
    dotenv("UNLATCH_SITE_NAME=dotenv\nUNLATCH_RP_ID=dotenv\n")

    assert read_config(tmp_path, {"UNLATCH_SITE_NAME": "environment"}) == {
        "UNLATCH_SITE_NAME": "environment",
        "UNLATCH_RP_ID": "dotenv",
        "UNLATCH_REGISTRATION": "closed",
    }


def test_a_file_in_the_environment_wins_over_a_secret_in_dotenv(tmp_path, dotenv):
    """Otherwise a forgotten line in .env would be the secret."""
    dotenv("SECRET_KEY=forgotten\nMAIL_PASSWORD_FILE=/forgotten\n")

    config = read_config(tmp_path, {"SECRET_KEY_FILE": "/run/secret", "MAIL_PASSWORD": "p"})

    assert config == {"SECRET_KEY_FILE": "/run/secret", "MAIL_PASSWORD": "p"}


def test_a_plain_database_url_is_ours_here(tmp_path):
    assert read_config(tmp_path, {"DATABASE_URL": "sqlite:///a"}) == {
        "UNLATCH_DATABASE_URL": "sqlite:///a"
    }
    assert read_config(tmp_path, {"DATABASE_URL_FILE": "/run/url"}) == {
        "UNLATCH_DATABASE_URL_FILE": "/run/url"
    }


def test_a_plain_redis_url_is_ours_here(tmp_path):
    assert read_config(tmp_path, {"REDIS_URL": "redis://a", "DATABASE_URL": "sqlite:///a"}) == {
        "UNLATCH_REDIS_URL": "redis://a",
        "UNLATCH_DATABASE_URL": "sqlite:///a",
    }
    assert read_config(tmp_path, {"REDIS_URL": "redis://a", "UNLATCH_REDIS_URL": "redis://b"}) == {
        "UNLATCH_REDIS_URL": "redis://b"
    }


def test_a_database_url_by_our_own_name_is_preferred(tmp_path, toml):
    toml('database_url = "sqlite:///ours"')

    assert read_config(tmp_path, {"DATABASE_URL": "sqlite:///theirs"}) == {
        "UNLATCH_DATABASE_URL": "sqlite:///ours"
    }


@pytest.mark.parametrize("content", [b"origin = [", b"\xff"])
def test_an_unreadable_toml_is_told(tmp_path, content):
    (tmp_path / "unlatch.toml").write_bytes(content)

    with pytest.raises(SettingsError, match=r"unlatch\.toml cannot be read"):
        read_config(tmp_path, {})


@pytest.mark.parametrize(
    "line",
    [
        "UNLATCH_DATABASE_URL postgresql://database/unlatch",
        'UNLATCH_DATABASE_URL="postgresql://database/unlatch',
        "UNLATCH_DATABASE_URL",
    ],
)
def test_a_line_that_says_nothing_is_told_and_not_passed_over(tmp_path, dotenv, line):
    """The site would begin anew, with an empty file of its own."""
    dotenv(f"# where it is\nSECRET_KEY=k\n{line}\nMAIL_PORT=25\n")

    with pytest.raises(SettingsError, match=r"\.env, line 3: "):
        read_config(tmp_path, {})


def test_what_is_empty_says_nothing(tmp_path, dotenv, toml):
    dotenv("UNLATCH_SITE_NAME=\nDATABASE_URL=postgresql://database/unlatch\n")
    toml('site_name = "Acme"')

    assert read_config(tmp_path, {"UNLATCH_DATABASE_URL": "", "DATABASE_URL": ""}) == {
        "UNLATCH_DATABASE_URL": "postgresql://database/unlatch",
        "UNLATCH_SITE_NAME": "Acme",
    }


def test_an_unreadable_dotenv_is_told(tmp_path):
    (tmp_path / ".env").write_bytes(b"SECRET_KEY=\xff")

    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        read_config(tmp_path, {})

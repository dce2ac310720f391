"""Dockerfile, compose.yaml and what they name: looked at, since Docker is not everywhere. That the
same site runs from Debian's packages is shown in `tests/browser/test_topology.py`.
"""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from unlatch import settings
from unlatch.server import config
from unlatch.server.cli import cli

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "unlatch"}
EXAMPLE = dotenv_values(ROOT / ".env.example")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text()

services = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def instructions() -> list[list[str]]:
    """Those of the Dockerfile, each with its words."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [line.split() for line in lines.splitlines() if line.strip()]


def last_stage() -> list[list[str]]:
    found = instructions()
    return found[max(at for at, words in enumerate(found) if words[0] == "FROM") :]


def named_by(package: str) -> set[str]:
    """Who wants a package, as the pinned requirements say it."""
    text = (ROOT / "requirements" / "serve.txt").read_text()
    (entry,) = re.findall(rf"^{package}==(?:.|\n)*?(?=^\S|\Z)", text, re.MULTILINE)
    comments = re.findall(r"^ +#(?: via)? *(.*)$", entry, re.MULTILINE)
    return {who for who in comments if who and not who.startswith("-c ")}


def pips() -> list[list[str]]:
    """What `pip` is told to do, run by run."""
    runs = [" ".join(words[1:]).split(" && ") for words in instructions() if words[0] == "RUN"]
    return [one.split()[1:] for run in runs for one in run if one.startswith("pip ")]


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X_Forwarded-For", "X-Forwarded_For"])
def test_nobody_chooses_his_address_by_a_header_with_underscores(name):
    assert re.search(rf"^\s+header_up -{name}$", CADDYFILE, re.MULTILINE)


def test_a_cookie_of_another_site_does_not_hide_ours():
    """granian hands on none where one has a byte beyond ASCII."""
    (told,) = re.findall(r'^\s+header_up Cookie "(.*)" "_"$', CADDYFILE, re.MULTILINE)

    assert re.sub(told, "_", "city=Z\xc3\xbcrich; a=~b") == "city=Z__rich; a=~b"


def test_the_image_runs_as_nobody_special():
    (user,) = (words[1] for words in last_stage() if words[0] == "USER")

    assert int(user) > 0


def test_what_builds_stays_behind():
    """And nothing is built but the package itself, from what is hashed."""
    installs, builds, removes, removes_itself = pips()
    gone = removes[removes.index("--yes") + 1 :]

    assert {"--require-hashes", "--only-binary", "requirements/serve.txt"} <= set(installs)
    assert {"--no-index", "--no-deps", "--no-build-isolation", "."} <= set(builds)
    assert "hatchling" in gone
    for package in gone:
        assert named_by(package) <= {"hatchling", "-r requirements/build.in"}
    assert removes_itself == ["uninstall", "--yes", "pip"]
    assert not any("apt-get" in words or "gcc" in words for words in instructions())


def test_what_is_copied_is_there_and_not_left_out():
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for words in instructions()
        if words[0] == "COPY" and not words[1].startswith("--from")
        for source in words[1:-1]
    }

    assert copied == kept
    assert all((ROOT / path).exists() for path in kept)


@ours
def test_our_containers_can_do_little(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]  # the only place to write
    assert "volumes" not in service


@ours
def test_what_our_containers_run_is_a_command(service):
    """With the options it is given."""
    command: Any = cli
    words = list(service["command"])
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]

    command.make_context("unlatch", words)


@ours
def test_settings_of_the_containers_are_settings(service):
    named = set(service["environment"])

    assert named <= settings._KNOWN
    assert {"UNLATCH_DATABASE_URL", "UNLATCH_REDIS_URL", "UNLATCH_TRUSTED_PROXIES"} <= named


def test_filled_in_they_are_all_that_a_site_needs():
    """No fault is left for the containers to tell."""
    typed = {name: value or "x" for name, value in EXAMPLE.items()} | {
        "SITE_HOST": "example.com",
        "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
        "MAIL_FROM": "sign-in@example.com",
    }

    for service in OURS.values():
        given = {
            name: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: typed[found.group(1)], str(value))
            for name, value in service["environment"].items()
        }
        read_by_it = config.read_config(ROOT / "deploy", typed | given)
        read = settings.Settings.read(read_by_it, development=False)
        assert read.origins == ("https://example.com",)
        assert "${" not in str(given)


def test_the_example_of_settings_names_settings():
    """Those that are commented out, too; and all that compose.yaml wants to be told."""
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))

    assert named - wanted <= settings._KNOWN | config._AS_FLASK_PROJECTS_SAY
    assert wanted <= named
    assert {name for name in wanted if EXAMPLE[name]} == set()  # so that compose says what to do


def test_one_service_builds_what_all_of_ours_run_and_none_pulls_it():
    """Several that build one image at once fail; and a stranger may have one of that name."""
    assert [name for name, service in OURS.items() if "build" in service] == ["tables"]
    assert {service["pull_policy"] for service in OURS.values()} == {"never"}


@services
def test_what_a_service_names_is_there(service):
    for other in service.get("depends_on", ()):
        assert other in SERVICES
    for network in service["networks"]:
        assert network in COMPOSE["networks"]
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    # By IPv6 all visitors may seem to be the network's gateway, and so be one for the limits.
    assert all(port.startswith("0.0.0.0:") for port in SERVICES["proxy"]["ports"])
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert {"back"} == {*SERVICES["database"]["networks"], *SERVICES["counters"]["networks"]}


def test_the_proxy_is_believed_and_finds_the_servers():
    (front,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    proxy = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    settings_of = SERVICES["site-1"]["environment"]
    upstreams = re.findall(r"reverse_proxy (.+) \{", CADDYFILE)[0].split()

    assert settings_of["UNLATCH_TRUSTED_PROXIES"] == proxy
    assert ip_address(proxy) in ip_network(front["subnet"])
    assert ip_address(proxy) not in ip_network(front["ip_range"])  # nobody else gets it
    serving = {name for name, service in OURS.items() if service["command"][0] == "serve"}
    assert set(upstreams) == {f"{name}:8000" for name in serving}
    assert "8000" in SERVICES["site-1"]["command"]


def test_the_proxy_logs_no_mailed_token():
    assert "request>uri query" in CADDYFILE
    assert "replace token REDACTED" in CADDYFILE
    assert re.findall(r"^\s*log\b.*", CADDYFILE, re.MULTILINE) == ["\tlog default {"]

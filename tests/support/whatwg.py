"""How browsers read addresses: by the URL parser in the Node that Playwright brings along, which
knows nothing of ours and follows https://url.spec.whatwg.org.
"""

import json
import subprocess
from functools import cache
from typing import cast

from playwright._impl._driver import compute_driver_executable

_PROGRAM = """
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [text, base] = JSON.parse(line);
  let origin = null;
  try { origin = new URL(text, base).origin; } catch {}
  console.log(JSON.stringify(origin));
});
"""


def origin_of(text: str, base: str) -> str | None:
    """Where a browser at `base` goes by a link that says `text`; None where it goes nowhere."""
    node = _node()
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps([text, base]) + "\n")
    node.stdin.flush()
    return cast("str | None", json.loads(node.stdout.readline()))


@cache
def _node() -> "subprocess.Popen[str]":
    """One for all; it ends when its input does, with us."""
    return subprocess.Popen(
        [compute_driver_executable()[0], "-e", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

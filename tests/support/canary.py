"""Secrets like canaries in a mine: whether one is where none should be, in whatever shape."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qs, urlsplit

from unlatch.core.secrets import from_base64url
from unlatch.flask.sender.reading import code_in, link_in

SHORTEST = 8
"""Bytes. Of what is shorter, one would be found wherever there is enough of anything."""


class Canaries:
    """Secrets by what they are, and the shapes of each."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, str] = {}
        self._secrets: set[bytes] = set()

    def add(self, what: str, secret: bytes) -> None:
        assert len(secret) >= SHORTEST
        self._secrets.add(secret)
        self._shapes |= {shape.upper(): what for shape in shapes(secret)}

    def add_text(self, what: str, secret: str) -> None:
        """As it is written, and what it says if that is base64url."""
        self.add(what, secret.encode())
        try:
            said = from_base64url(secret)
        except ValueError:
            return
        if len(said) >= SHORTEST:
            self.add(f"{what}, decoded", said)

    def add_mail(self, text: str) -> None:
        """The link's token, the secret in it, and the code, in one group or two."""
        code, link = code_in(text), link_in(text)
        if code is not None:
            for dash in ("-", "", " "):
                self.add("code", code.replace("-", dash).encode())
        if link is not None:
            token = token_of(link)
            self.add_text("token", token)
            self.add("secret of a token", from_base64url(token)[16:48])

    def add_cookies(self, cookies: Iterable[tuple[str, str]]) -> None:
        """By name and value; one name may have had many."""
        for name, value in cookies:
            if "unlatch" in name and value:
                self.add_text(f"cookie {name}", value)

    def found_in(self, content: bytes) -> set[str]:
        """What they are that occur. Letters count as the same in either case: of eight random
        ones that is no likelier to be met by chance.
        """
        upper = content.upper()
        return {what for shape, what in self._shapes.items() if shape in upper}

    def __len__(self) -> int:
        return len(self._secrets)


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def shapes(secret: bytes) -> Iterator[bytes]:
    """As it is; in hexadecimal; as Python shows it; in base64 of either alphabet, wherever in
    something longer it stands.
    """
    yield secret
    yield secret.hex().encode()
    yield repr(secret)[2:-1].encode()
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            yield _without_its_neighbours(encode, before, secret)


def _without_its_neighbours(encode: Callable[[bytes], bytes], before: int, secret: bytes) -> bytes:
    encoded = encode(bytes(before) + secret)
    begin = -(-before * 8 // 6)  # letters with bits of what stands before
    end = (before + len(secret)) * 8 // 6  # letters with no bits of what follows
    return encoded[begin:end]

"""`next`: where to go afterwards, only ever a path of our own."""

from urllib.parse import urlsplit

LONGEST = 2048


def own_path(text: str | None) -> str:
    """The path if a browser would stay on this site with it, else the empty string.

    Browsers drop tabs and line breaks, take a backslash for a slash, and a second slash for
    the start of a host; so anything that a browser might read another way is nobody's path.
    """
    if not text or len(text) > LONGEST or not text.startswith("/"):
        return ""
    if "\\" in text or any(one <= " " or one == "\x7f" for one in text):
        return ""
    if text[1:4].lower() in ("%5c", "%2f") or text.startswith("//"):
        return ""
    try:
        text.encode()
        parts = urlsplit(text)
    except ValueError:  # a lone surrogate, or brackets that are no address
        return ""
    return text if not parts.scheme and not parts.netloc else ""

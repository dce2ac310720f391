"""The policy of what our pages may load."""

from collections.abc import Mapping

_BY_DIRECTIVE = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
}
"""What a host's base template may add sources to, by UNLATCH_CSP_SOURCES."""

_ALWAYS = (
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


def content_security_policy(added: Mapping[str, tuple[str, ...]]) -> str:
    """The header's value (CSP Level 3).

    Args:
        added: Sources that the host's own template needs, by directive.
    """
    directives = [
        " ".join((name, *_BY_DIRECTIVE.get(name, ()), *added.get(name, ())))
        for name in dict.fromkeys((*_BY_DIRECTIVE, *added))
    ]
    # First, because of two directives of one name a browser takes the first.
    return "; ".join((*_ALWAYS, *directives))

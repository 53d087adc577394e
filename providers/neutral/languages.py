"""Codes of languages: some vendors know regions (BCP 47), others languages alone (ISO 639)."""


def alone(language: str | None) -> str | None:
    """The language without its region: `en` of `en-US`."""
    return language.partition("-")[0] if language else language

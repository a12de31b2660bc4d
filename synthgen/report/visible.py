"""Make what a terminal or a browser would hide or obey visible: control, bidirectional, zero-width and surrogate characters."""

import unicodedata

_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# letters and marks that draw nothing although their category says otherwise
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def visible(text: object) -> str:
    """The text on one line: each unseen character as `⟨U+202E⟩`, line breaks and tabs as blanks."""
    return "".join(_visible_character(character) for character in str(text))


def shortened(text: object, *, width: int) -> str:
    """The visible text cut to `width` characters, the last of them an ellipsis where something was cut."""
    shown = visible(str(text)[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def _visible_character(character: str) -> str:
    if character in "\n\t":
        return " "
    if character.isascii() and character.isprintable():
        return character
    hidden = unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _BLANK
    return f"⟨U+{ord(character):04X}⟩" if hidden else character

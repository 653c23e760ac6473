"""``bifurc explain WORD``: what a word of a table or a message means."""

import re
import textwrap

EPILOG = """examples:
  bifurc explain sxs
  bifurc explain "K = <(1 2 3)>"
  bifurc explain               every word, a line each
"""
WIDTH = 80


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "explain", help="what a word of a table or a message means", epilog=EPILOG
    )
    command.add_argument("words", metavar="WORD", nargs="*")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Print what the words mean, or all of them."""
    known = words()
    for word in [found(" ".join(arguments.words))] if arguments.words else known:
        said = f"{word}: {known[word]}"
        print(textwrap.fill(said, WIDTH) if arguments.words else said.partition(". ")[0])


def words() -> dict[str, str]:
    """The glossary, and how a branch or a correction may end."""
    from bifurc.continuation.options import Status
    from bifurc.glossary import WORDS

    return WORDS | {one.name: one.value for one in Status if one.name not in WORDS}


def found(text: str) -> str:
    """The entry that a text as it stands in a table is explained by: ``s[bulk]`` by s.

    Raises
    ------
    ValueError
        If there is none, with the nearest one.
    """
    from bifurc.given import nearest

    known = words()
    folded = {word.casefold(): word for word in reversed(known)}
    parts = [text, *re.split(r"[\s\[\]=_+,]", text)]
    for part in (*parts, *(re.sub("ies$", "y", one).removesuffix("s") for one in parts)):
        if part in known:
            return part
        if part.casefold() in folded:
            return folded[part.casefold()]
    hint = nearest(text, known).partition(" There is ")[0]
    raise ValueError(f"No word {text!r} is explained.{hint} bifurc explain lists all.")

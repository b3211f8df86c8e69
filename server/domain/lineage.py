"""Which sources are near-identical: marks of a bundle that comments, white space, names and constants don't change. It knows no database.

A source is cut into overlapping runs of tokens, each hashed; the smallest hashes are its marks. Two bundles share marks as they share code.
"""

import ast
import hashlib
import io
import keyword
import re
import tokenize
from collections.abc import Iterator, Mapping

SHINGLE = 9
MARKS = 64
KIN = 0.8
"""From this share of common code on, two bundles are one lineage."""
BRACED = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
      |(?P<constant>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\d[\w.]*)
      |(?P<name>[^\W\d][\w$]*|\$[\w$]*)
      |\S""",
    re.DOTALL | re.VERBOSE,
)
OWN_WORDS = set(
    re.findall(
        r"\w+",
        """async await break case catch class const continue continuing default discard do else enable export extends false finally fn for
        from function if import in instanceof let loop new null of override return static struct switch throw true try typeof var while
        yield""",
    )
)
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def marks_of(files: Mapping[str, bytes]) -> list[int]:
    """The bundle's marks, sorted, at most 64; neither the manifest nor prose counts. Equal code in files of other names has equal marks."""
    hashes: set[int] = set()
    for path, content in files.items():
        if path != "entry.toml" and not path.endswith(".md"):
            tokens = list(tokens_of(path, content.decode(errors="replace")))
            for begin in range(max(1, len(tokens) - SHINGLE + 1)):
                digest = hashlib.sha256("\0".join(tokens[begin : begin + SHINGLE]).encode()).digest()
                hashes.add(int.from_bytes(digest[:8], "big") >> 1)  # 63 bits: signed integers hold them
    return sorted(hashes)[:MARKS]


def likeness(one: list[int], other: list[int]) -> float:
    """The share of all their token runs that both have, as their marks tell: 1 for equal code, 0 for none in common."""
    smallest = sorted(set(one) | set(other))[:MARKS]
    both = set(one) & set(other)
    return sum(mark in both for mark in smallest) / len(smallest) if smallest else 1.0


def tokens_of(path: str, text: str) -> Iterator[str]:
    """Code as tokens without names, constants and comments; other text, and Python that doesn't parse, as its words."""
    if path.endswith((".js", ".mjs", ".wgsl", ".json")):
        yield from braced_tokens(text)
        return
    if path.endswith(".py"):
        try:
            yield from python_tokens(text)
            return
        except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
            pass
    yield from re.findall(r"[^\W\d_]+|\S", text)


def braced_tokens(text: str) -> Iterator[str]:
    """JavaScript, WGSL and JSON: which name is a library's nobody tells without running it, so only the languages' own words stay."""
    for token in BRACED.finditer(text):
        kind, word = token.lastgroup, token.group()
        if kind != "comment":
            yield "constant" if kind == "constant" else "name" if kind == "name" and word not in OWN_WORDS else word


def python_tokens(text: str) -> Iterator[str]:
    """Raises SyntaxError, ValueError (NUL bytes), TokenError, RecursionError."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):  # a statement that is only a constant does nothing
            node.body = [each for each in body if not is_constant(each)] or [ast.Pass()]  # type: ignore[attr-defined]
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    after_dot = False
    for token in tokenize.generate_tokens(io.StringIO(ast.unparse(tree)).readline):
        if token.type in SKIPPED:
            continue
        if token.type == tokenize.NAME:
            # what follows a dot is a library's word unless the source gives it a meaning; other names are the author's choice
            a_librarys = after_dot and token.string not in own
            yield token.string if keyword.iskeyword(token.string) or a_librarys else "name"
        elif token.type == tokenize.NUMBER or token.type in STRINGS:
            yield "constant"
        else:
            yield token.string
        after_dot = token.string == "."


def is_constant(node: ast.stmt) -> bool:
    """A docstring, or a constant on a line of its own."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

"""Polynomials in named parameters, with exact coefficients.

Sizes of point sets ("d - 1"), dimensions of irreps ("n(n-3)/2") and Morse
indices are all polynomials in the parameters of a family. They stay symbols
until a number is needed, so that a family is valid at every real size and an
index can be read as a formula.
"""

import ast
import math
import operator
import re
from collections.abc import Mapping
from fractions import Fraction
from math import lcm

# beyond these nothing that describes a family lies, and products of products never end
MOST_TERMS = 5000
MOST_FACTORS = 64  # total degree
MOST_BITS = 20_000  # of a denominator; the least double is 2**-1074
LARGEST = 2**1000  # of a coefficient, so that it is a double

Monomial = tuple[str, ...]  # the names in it, sorted, repeated by power
LONGEST = 2000  # characters of an expression
_DECIMAL = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")

_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class TooLargeError(ValueError):
    """A polynomial has more terms, factors or digits than any family needs."""


class Polynomial:
    """A polynomial in named parameters with rational coefficients.

    Parameters
    ----------
    terms : mapping from sorted tuples of names to numbers
        ``{("d", "d"): 1, (): -1}`` is d² - 1.

    Examples
    --------
    >>> n = Polynomial.parse("d - 1")
    >>> print(n * (n - 3) / 2)
    (d² - 5·d + 4)/2
    >>> n(d=5.5)
    4.5
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[Monomial, Fraction | int | float]):
        self.terms = {key: Fraction(value) for key, value in terms.items() if value}
        for c in self.terms.values():
            if not -LARGEST < c < LARGEST:
                raise TooLargeError("A number is too large; sizes and entries fit in a double.")
        self._hash = hash(frozenset(self.terms.items()))

    @classmethod
    def of(cls, value: "Polynomial | str | int | float | Fraction") -> "Polynomial":
        """Return ``value`` as a polynomial: a number, a text or a polynomial.

        Raises
        ------
        ValueError
            If it is none of these, or not finite.
        """
        if isinstance(value, Polynomial):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        # the decimal a user typed, not its binary neighbour: 0.1 is 1/10
        try:
            return cls({(): Fraction(str(value) if isinstance(value, float) else value)})
        except TooLargeError:
            raise
        except (TypeError, ValueError):
            raise ValueError(
                f'{value!r} is neither a finite number nor an expression such as "d - 1".'
            ) from None

    @classmethod
    def parse(cls, text: str) -> "Polynomial":
        """Read ``text`` such as "d - 1", "2d - k", "p/2 + 0.5".

        Raises
        ------
        ValueError
            If the text is not a polynomial in names and numbers.
        """
        # 2d is 2*d, but 2e3 is a number; a minus sign may be one that was copied from print
        product = r"(?<![\w.])(\d+(?:\.\d+)?)(?![eE][+-]?\d)\s*(?=[A-Za-z(])"
        explicit = re.sub(product, _times, text.strip().replace("−", "-"))
        try:
            if len(explicit) > LONGEST:
                raise TooLargeError(f"Expressions have at most {LONGEST} characters; shorten it.")
            return cls._read(ast.parse(explicit, mode="eval").body, explicit.encode())
        except TooLargeError:
            raise
        except (RecursionError, MemoryError):
            raise TooLargeError(f"Expression {text!r} has too many terms; shorten it.") from None
        except (SyntaxError, KeyError, ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(
                f"Expression {text!r} does not parse; write sums and products of numbers and "
                'parameters, such as "d - 1", "d/2" or "q*q". One divides by numbers alone.'
            ) from None

    @classmethod
    def _read(cls, node: ast.expr, text: bytes) -> "Polynomial":
        """The polynomial of a node of the tree of ``text``: numbers as written, no digit lost."""
        match node:
            case ast.Constant(value=int() | float()):
                return cls({(): decimal(text[node.col_offset : node.end_col_offset].decode())})
            case ast.Name(id=name):
                return cls({(name,): 1})
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -cls._read(operand, text)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return cls._read(operand, text)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATIONS[type(op)](cls._read(left, text), cls._read(right, text))
        raise ValueError(f"{ast.dump(node)} is not part of a polynomial")

    @property
    def names(self) -> set[str]:
        """The parameters that occur."""
        return {name for key in self.terms for name in key}

    @property
    def degree(self) -> int:
        """Total degree; that of zero is 0."""
        return max(map(len, self.terms), default=0)

    @property
    def constant(self) -> float | None:
        """The value if no parameter occurs, else None."""
        return None if self.degree else float(self.terms.get((), 0))

    def __call__(self, **values: float) -> float:
        total = 0.0
        for key, coefficient in self.terms.items():
            product = float(coefficient)
            for name in key:
                product *= values[name]
            total += product
        return total

    def substitute(self, values: Mapping[str, "Polynomial"]) -> "Polynomial":
        """Put a polynomial in the place of each name in ``values``."""
        total = Polynomial({})
        for key, coefficient in self.terms.items():
            product = Polynomial({(): coefficient})
            for name in key:
                product = product * values.get(name, Polynomial({(name,): 1}))
            total = total + product
        return total

    def derivative(self, name: str) -> "Polynomial":
        """The partial derivative with respect to the parameter ``name``."""
        terms: dict[Monomial, Fraction] = {}
        for key, coefficient in self.terms.items():
            if name in key:
                rest = list(key)
                rest.remove(name)
                terms[tuple(rest)] = coefficient * key.count(name)
        return Polynomial(terms)

    def __add__(self, other) -> "Polynomial":
        terms = dict(self.terms)
        for key, value in Polynomial.of(other).terms.items():
            terms[key] = terms.get(key, Fraction(0)) + value
        return Polynomial(terms)

    def __mul__(self, other) -> "Polynomial":
        other = Polynomial.of(other)
        _check_product(self, other)
        terms: dict[Monomial, Fraction] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                key = tuple(sorted(left + right))
                terms[key] = terms.get(key, Fraction(0)) + a * b
        return Polynomial(terms)

    def __neg__(self) -> "Polynomial":
        return self * -1

    def __sub__(self, other) -> "Polynomial":
        return self + -Polynomial.of(other)

    def __rsub__(self, other) -> "Polynomial":
        return Polynomial.of(other) - self

    def __truediv__(self, other) -> "Polynomial":
        divisor = Polynomial.of(other)
        if divisor.degree:
            raise ValueError(f"cannot divide by {divisor}, only by a number")
        return self * (1 / divisor.terms[()]) if divisor.terms else self * (1 / Fraction(0))

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Polynomial.parse({self.text()!r})"

    def __str__(self) -> str:
        return self.text("·", lambda name, n: name + (superscript(n) if n > 1 else ""))

    def text(self, times: str = "*", power=lambda name, n: "*".join([name] * n)) -> str:
        """Write the polynomial; the default form is read back by :meth:`parse`."""
        if not self.terms:
            return "0"
        common = lcm(*(value.denominator for value in self.terms.values()))
        if common > 12:  # a decimal such as 0.0625 reads better than .../16
            common = 1
        body = ""
        for key in sorted(self.terms, key=lambda key: (-len(key), key)):
            value = self.terms[key] * common
            factors = [power(name, key.count(name)) for name in sorted(set(key))]
            if abs(value) != 1 or not factors:
                factors.insert(0, _decimal(abs(value)))
            sign = "-" if value < 0 else "+" if body else ""
            body += (f" {sign} " if body else sign) + times.join(factors)
        if common == 1:
            return body
        return f"({body})/{common}" if len(self.terms) > 1 else f"{body}/{common}"


def decimal(text: str) -> Fraction:
    """The number that a decimal such as "0.25" or "1e-3" writes, exactly.

    Raises
    ------
    ValueError
        If it is written otherwise, as "0x10" and "1_000" are.
    """
    if not _DECIMAL.fullmatch(text) or math.isinf(float(text)):
        raise ValueError(f"{text!r} is not a decimal")
    return Fraction(text)


def _times(match: re.Match) -> str:
    """2d as 2*d; a zero before a letter begins no product, as in 0x10."""
    return match[0] if not float(match[1]) else f"{match[1]}*"


def _check_product(one: Polynomial, other: Polynomial) -> None:
    """Raise TooLargeError if a product is beyond what a family may be."""
    bits = sum(
        max((c.denominator.bit_length() for c in p.terms.values()), default=0)
        for p in (one, other)
    )  # fmt: skip
    if (
        len(one.terms) * len(other.terms) > MOST_TERMS
        or one.degree + other.degree > MOST_FACTORS
        or bits > MOST_BITS
    ):
        raise TooLargeError(
            f"A product of {len(one.terms)} by {len(other.terms)} terms of degree "
            f"{one.degree + other.degree} is too large; sizes and parameters are short expressions."
        )


def _decimal(number: Fraction) -> str:
    """A short decimal where it is exact, a fraction otherwise."""
    if number.denominator == 1:
        return str(number.numerator)
    decimal = repr(float(number))
    return decimal if Fraction(decimal) == number else f"{number.numerator}/{number.denominator}"


def superscript(power: int) -> str:
    """A power as raised figures."""
    return str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))

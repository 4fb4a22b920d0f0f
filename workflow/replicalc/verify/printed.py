"""Printed numbers: text with a precision, compared as a reader would compare them.

``58.0`` and ``58`` are different claims; ``<0.001`` is an inequality. Rounding half-up, half-even and truncation are
all tried, and the one that was needed is named. Rounding twice is looked for only where it is asked for: it would let
nearly every number pass that is one unit too high.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

ROUNDINGS = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "truncation": ROUND_DOWN}
#: A computed value this close (relative to one unit of the last printed place) to a tie is taken as the tie.
TIE = Decimal("1e-9")
#: Number words that papers print.
WORDS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10)
#: More places than the printed ones to which a value may have been rounded first, if it was rounded twice.
MORE_PLACES = (3, 2, 1)
#: Digits that hold any float written out, so that an odds ratio of 1e30 from an empty cell prints too.
_DIGITS = 700

_MINUS = "-\u2010\u2011\u2012\u2013\u2212\ufe63"  # hyphens, figure dash, en dash, minus
_POINT = ".\u00b7\u2027\u2219\u22c5"  # full stop, and the raised points of The Lancet
_SPACE = " \u00a0\u2009\u202f"  # also the spaces that do not break, and thin ones
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = {"≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", None: "="}
_NUMBER = re.compile(
    rf"""\s*(?:(?P<name>[A-Za-z]+(?:[ -]values?)?)(?=[\s<>=≤⩽≦≥⩾≧])\s*)?   # P, OR, P value: set off from the number
    (?P<op><=|>=|[<>=≤⩽≦≥⩾≧])?\s*
    (?P<sign>[{_MINUS}+])?
    (?:(?P<mantissa>
        [1-9]\d{{0,2}}(?P<comma>,\d{{3}})+(?:[{_POINT}]\d+)?              # 1,182 and 1,182.5
      | [1-9]\d{{0,2}}(?:(?P<gap>[{_SPACE}'’])\d{{3}})(?:(?P=gap)\d{{3}})*(?:[,{_POINT}]\d+)?  # 1 182 and 1 182,5
      | \d*[,{_POINT}]\d+                                                # 0.715, .715, 58·3, 58,3, 0,715
      | \d+
      )
      (?:[eE](?P<e>[{_MINUS}+]?\d+)
       | \s*[×xX*]\s*10(?P<flat>[{_MINUS}]\d+)                          # 1.2×10−5
       | \s*[×xX*{_POINT[1:]}]\s*10(?:\^(?P<hat>[{_MINUS}]?\d+)|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?
     | 10(?:\^(?P<power>[{_MINUS}]\d+)|(?P<raised_power>⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))  # 10^-5
    \s*%?\s*[*†‡§¶]*\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: its value, its decimals and, for an inequality, its sign (otherwise '=')."""

    text: str
    value: Decimal
    decimals: int
    sign: str = "="


def parse(text: str) -> Printed | None:
    """Read a printed number, or return None where the text is not a single number.

    A name (P, OR, "P value") may stand before it, a % sign or a footnote's mark behind. What could be read in two ways:

    - A comma with three digits behind it and one to three before it that do not begin with 0 parts thousands: 1,182 is
      one thousand and more. Any other single comma is a decimal point: 0,715 and 58,3 and 1182,500. A paper that
      writes 1,182 for a little more than one has to be entered with points.
    - A space or an apostrophe with three digits behind it parts thousands as well.
    - A missing zero is added (.715), and raised points are points (58·3).
    - A power of ten counts by the last digit that it prints: 1.2e-5 has six decimals. None where that digit stands
      above the units (1.2e5), and where the exponent may not be one (1.2×105, 5·10−3 and 10−5, which has lost its ^).
    - "NS" is None: it states a comparison with a level that is not in the text. So are a number written onto its name
      (T2), a range, a fraction, an approximation (~0.5), and 1.182,5.

    >>> parse("−0.078").value, parse("40.0").decimals, parse("<0.001").sign
    (Decimal('-0.078'), 1, '<')
    >>> [str(parse(text).value) for text in ("P = .03", "1,182", "0,715", "58·3", "1.2×10−5")]
    ['0.03', '1182', '0.715', '58.3', '0.000012']
    """
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    value = _value(match)
    if value is None:
        return None
    return Printed(text, value, -min(value.as_tuple().exponent, 0), _SIGNS.get(match["op"], match["op"]))


def _value(match: re.Match[str]) -> Decimal | None:
    """The number of a match with as many places as are printed; None if its last digit stands above the units."""
    mantissa = match["mantissa"] or "1"
    if match["comma"]:
        mantissa = mantissa.replace(",", "")
    if match["gap"]:
        mantissa = mantissa.replace(match["gap"], "")
    digits = re.sub(f"[,{_POINT}]", ".", mantissa)
    exponent = next((match[k] for k in ("e", "flat", "hat", "raised", "power", "raised_power") if match[k]), "0")
    exponent = int(re.sub(f"[{_MINUS}]", "-", exponent.translate(_RAISED)))
    places = len(digits.partition(".")[2]) - exponent
    if places < 0 or places > _DIGITS:
        return None
    minus = match["sign"] is not None and match["sign"] != "+"
    number = int(digits.replace(".", ""))
    return Decimal((int(minus), tuple(map(int, str(number))), -places))


def printed_number(text: str) -> Printed | None:
    """Read a printed number; number words up to ten count as numbers.

    >>> printed_number("three").value, printed_number("P>0.05").sign
    (Decimal('3'), '>')
    """
    word = WORDS.get(text.strip().lower())
    return parse(str(word)) if word is not None else parse(text)


def format_as(value: float, decimals: int, rounding: str = "half-up") -> str:
    """Round ``value`` to ``decimals`` places as a text. Raises ValueError for NaN or infinity.

    >>> format_as(100 * 1 / 8, 0), format_as(100 * 1 / 8, 0, "half-even")
    ('13', '12')
    """
    if not math.isfinite(value):
        raise ValueError("only a finite number can be printed")
    return f"{_rounded(Decimal(repr(float(value))), decimals, rounding):f}"


def _rounded(exact: Decimal, decimals: int, rounding: str) -> Decimal:
    """Round to ``decimals`` places; what is nearly a tie is one, and there is no negative zero."""
    context = Context(prec=_DIGITS)
    doubled = context.multiply(exact.scaleb(decimals, context), Decimal(2))
    nearest = doubled.quantize(Decimal(1), ROUND_HALF_EVEN, context)
    if abs(context.subtract(doubled, nearest)) < TIE:
        exact = context.divide(nearest, Decimal(2)).scaleb(-decimals, context)
    rounded = exact.quantize(Decimal(1).scaleb(-decimals, context), ROUNDINGS[rounding], context)
    return rounded if rounded else rounded.copy_abs()


def rounding_needed(value: float, printed: Printed) -> str | None:
    """Name the rounding by which ``value`` prints as ``printed``; None if it does not.

    For an inequality the answer is 'inequality' when it holds.
    """
    if not math.isfinite(value):
        return None
    if printed.sign != "=":
        bound = float(printed.value)
        holds = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[printed.sign]
        return "inequality" if holds else None
    for name in ROUNDINGS:
        if Decimal(format_as(value, printed.decimals, name)) == printed.value:
            return name
    return None


def double_rounding(value: float, printed: Printed) -> str | None:
    """Say how ``value`` prints as ``printed`` if it was rounded twice; None if it does not, or if once is enough.

    The value is rounded to one, two or three more places and then to the printed ones, half-up both times. (Half-even
    both times reaches nothing else: upwards no more than half-up, downwards no more than truncation.) Rounding to one
    more place reaches all that two or three reach; what is told is the one with the most places, for it moves the value
    least. The result is one unit above half-up (below, for a negative number).

    >>> double_rounding(62.745, parse("62.8")), double_rounding(62.745, parse("62.7"))
    ('half-up twice, by way of 62.75', None)
    """
    if printed.sign != "=" or not math.isfinite(value) or rounding_needed(value, printed) is not None:
        return None
    exact = Decimal(repr(float(value)))
    for more in MORE_PLACES:
        between = _rounded(exact, printed.decimals + more, "half-up")
        if _rounded(between, printed.decimals, "half-up") == printed.value:
            return f"half-up twice, by way of {between:f}"
    return None


def as_printed(value: float, printed: Printed, rounding: str | None = None) -> str:
    """Show ``value`` at the precision of ``printed``, rounded as it was needed (half-up where nothing was).

    For an inequality two more places than its bound are shown; what rounds to 0 there is told as '<'.
    """
    if not math.isfinite(value):
        return ""
    if printed.sign == "=":
        return format_as(value, printed.decimals, rounding if rounding in ROUNDINGS else "half-up")
    shown = format_as(value, printed.decimals + 2)
    return shown if Decimal(shown) or not value else f"<{Decimal(1).scaleb(-printed.decimals - 2):f}"

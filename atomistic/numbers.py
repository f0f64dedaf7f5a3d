"""Rows of decimal numbers in text, compiled and exact.

A decimal of at most 15 digits and a power of ten up to 22 is the correctly rounded quotient or product of two floats
that are exact themselves (W. D. Clinger, PLDI 1990); whatever has more is left to the slower way.
"""

from __future__ import annotations

import numba
import numpy as np

POWERS = 10.0 ** np.arange(23)
"""Exact in float64."""
MOST_DIGITS = 15
SPACE, TAB, RETURN, NEWLINE, PLUS, MINUS, POINT, ZERO, NINE, BIG_E, SMALL_E = b" \t\r\n+-.09Ee"


def rows_of_numbers(text: bytes, rows: int, columns: int) -> np.ndarray | None:
    """The numbers of a text [row, column]; None where a row is not whole, or a number needs the slower way."""
    out = np.empty((rows, columns))
    return out if _parse(np.frombuffer(text, np.uint8), out, POWERS) else None


@numba.njit(cache=True)
def _parse(text: np.ndarray, out: np.ndarray, powers: np.ndarray) -> bool:
    """Fill `out` row by row; False at the first thing that is no plain number or in the wrong place."""
    rows, columns = out.shape
    at, row, column = 0, 0, 0
    while at < text.size:
        c = text[at]
        if c in (SPACE, TAB, RETURN):
            at += 1
            continue
        if c == NEWLINE:
            if column != columns:
                return False
            row, column, at = row + 1, 0, at + 1
            continue
        if row >= rows or column >= columns:
            return False
        negative = c == MINUS
        if c in (MINUS, PLUS):
            at += 1
        mantissa, digits, seen, shift, after = 0, 0, 0, 0, False
        while at < text.size:
            c = text[at]
            if ZERO <= c <= NINE:
                seen += 1
                if digits > 0 or c != ZERO:
                    digits += 1
                if digits > MOST_DIGITS:
                    return False
                mantissa = 10 * mantissa + (c - ZERO)
                shift -= 1 if after else 0
            elif c == POINT and not after:
                after = True
            else:
                break
            at += 1
        if seen == 0:
            return False
        if at < text.size and text[at] in (SMALL_E, BIG_E):
            at += 1
            down = at < text.size and text[at] == MINUS
            if at < text.size and text[at] in (MINUS, PLUS):
                at += 1
            exponent, seen = 0, 0
            while at < text.size and ZERO <= text[at] <= NINE and seen < 4:
                exponent, seen, at = 10 * exponent + (text[at] - ZERO), seen + 1, at + 1
            if seen == 0:
                return False
            shift += -exponent if down else exponent
        if at < text.size and text[at] not in (SPACE, TAB, RETURN, NEWLINE):
            return False
        if shift < -22 or shift > 22:
            if mantissa != 0:
                return False
            shift = 0
        value = float(mantissa)
        value = value / powers[-shift] if shift < 0 else value * powers[shift]
        out[row, column] = -value if negative else value
        column += 1
    return row == rows and column == 0

"""Number formats: what a number may be, as data. A new format is one new entry in FORMATS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.errors import RequestError

Kind = Literal["float", "fixed", "affine"]
Range = tuple[float, float]
REGISTER_BITS = 32


@dataclass(frozen=True)
class NumberFormat:
    """One number format.

    `kind` says what its numbers are: `float` (IEEE-like, run in that dtype), `fixed` (dynamic fixed point, value = q * 2^-FL),
    `affine` (value = scale * (q - zero point)). `weight_bits` and `activation_bits` differ only in formats such as w4a8.
    Floats have `exponent_bits` and `fraction_bits` behind their sign: fp16 has 5 and 10. The others have none.
    """

    name: str
    title: str
    kind: Kind
    weight_bits: int
    activation_bits: int
    summary: str
    dtype: str | None = None
    exponent_bits: int = 0
    fraction_bits: int = 0

    @property
    def range(self) -> Range:
        """The lowest and highest finite value of a float; else of the whole numbers q that hold activations.

        fp16 ends at -65,504 and 65,504, fixed8 at -128 and 127, int8 at 0 and 255.
        """
        if self.kind == "float":
            return self._finite
        return (0, 2**self.activation_bits - 1) if self.kind == "affine" else limits(self.activation_bits)

    @property
    def weight_range(self) -> Range:
        """The same for weights: those of int8 are symmetric, -127 to 127; w4a8 has -8 to 7."""
        if self.kind == "float":
            return self._finite
        low, high = limits(self.weight_bits)
        return (-high, high) if self.kind == "affine" else (low, high)

    @property
    def _finite(self) -> Range:
        """The highest exponent code is infinity's: fp16's largest is (2 - 2^-10) * 2^15."""
        highest = (2 - self.step) * 2.0 ** (2 ** (self.exponent_bits - 1) - 1)
        return -highest, highest

    @property
    def step(self) -> float:
        """From 1 to the next number above: 2^-10 in fp16. For whole numbers 1, which is worth one scale."""
        return 2.0**-self.fraction_bits

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight: fixed8 has 1.0, w4a8 has 0.5."""
        return self.weight_bits / 8

    @property
    def per_register(self) -> int:
        """How many values fit in a 32-bit register, by the wider of weights and activations: int8 has 4, fp16 has 2."""
        return REGISTER_BITS // max(self.weight_bits, self.activation_bits)


def limits(bits: int) -> tuple[int, int]:
    """Two's complement: 8 bits hold -128 to 127."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _float(name: str, exponent_bits: int, fraction_bits: int, dtype: str, summary: str) -> NumberFormat:
    bits = 1 + exponent_bits + fraction_bits
    return NumberFormat(name, name.upper(), "float", bits, bits, summary, dtype, exponent_bits, fraction_bits)


def _fixed(weight_bits: int, activation_bits: int) -> NumberFormat:
    same = weight_bits == activation_bits
    return NumberFormat(
        name=f"fixed{weight_bits}" if same else f"w{weight_bits}a{activation_bits}",
        title=f"FIXED-{weight_bits}" if same else f"W{weight_bits}A{activation_bits}",
        kind="fixed",
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        summary="Dynamic fixed point: whole numbers with one power-of-two scale for each tensor."
        if same
        else f"Dynamic fixed point with {weight_bits}-bit weights and {activation_bits}-bit activations.",
    )


FORMATS = {
    entry.name: entry
    for entry in (
        _float("fp32", 8, 23, "float32", "32-bit floating point: the baseline everything is compared with."),
        _float("fp16", 5, 10, "float16", "16-bit floating point: 5 bits of exponent, 10 of fraction."),
        _float("bf16", 8, 7, "bfloat16", "16-bit floating point with FP32's range: 8 bits of exponent, 7 of fraction."),
        _fixed(16, 16),
        _fixed(8, 8),
        NumberFormat("int8", "INT8", "affine", 8, 8, "8-bit integers with free scales, one for each output channel."),
    )
}
NARROWEST, WIDEST = 2, 16
_PATTERNS = (re.compile(r"fixed(?P<w>\d{1,2})"), re.compile(r"w(?P<w>\d{1,2})a(?P<a>\d{1,2})"))


def number_format(name: str) -> NumberFormat:
    """A format by name: those of FORMATS, `fixedN` and `wXaY` for N, X and Y from 2 to 16. Raises RequestError."""
    name = name.strip().lower()
    if name in FORMATS:
        return FORMATS[name]
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(name):
            weights = int(match["w"])
            activations = int(match.groupdict().get("a") or weights)
            if NARROWEST <= min(weights, activations) and max(weights, activations) <= WIDEST:
                return _fixed(weights, activations)
    raise RequestError(
        f"There is no number format named {name!r}.",
        f"Choose from {', '.join(FORMATS)}, fixed{NARROWEST} to fixed{WIDEST}, or weights and activations apart such as w4a8.",
    )

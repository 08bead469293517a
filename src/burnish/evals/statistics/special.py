"""Special functions, so that intervals and tests need no heavy library.

Continued fractions as in Abramowitz and Stegun 6.5.31 and 26.5.8, evaluated by Lentz's method;
logarithms of gamma functions with Stirling's correction apart, so that large arguments lose
nothing. Within 1e-10 of the exact values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from statistics import NormalDist

_TINY = 1e-300
_ENOUGH = 1e-16
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_STIRLING_FROM = 10.0


def beta_cdf(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    return _beta(a, b, x, 1.0 - x)


def gamma_cdf(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x)."""
    return _gamma(a, x)[0]


def chi_square_sf(x: float, degrees: float) -> float:
    return _gamma(degrees / 2, x / 2)[1]


def binomial_cdf(k: int, n: int, p: float) -> float:
    """The chance of at most `k` successes in `n` tries."""
    return 1.0 if k >= n else _beta(n - k, k + 1, 1.0 - p, p)


def normal_cdf(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    return NormalDist().inv_cdf(p)


def t_cdf(t: float, degrees: float) -> float:
    square = t * t
    tail = _beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square)) / 2
    return 1.0 - tail if t > 0 else tail


@lru_cache(maxsize=4096)
def t_quantile(p: float, degrees: float) -> float:
    """Newton's method on the upper tail, kept between bounds that always hold the answer."""
    if p == 0.5:  # the middle of a symmetric curve
        return 0.0
    if p < 0.5:
        return -t_quantile(1.0 - p, degrees)
    low, high = 0.0, 1.0
    while t_cdf(high, degrees) < p:
        low, high = high, high * 2
    scale = math.exp(-_log_beta(degrees / 2, 0.5)) / math.sqrt(degrees)
    t = min(max(normal_quantile(p), low), high)
    for _ in range(200):
        miss = t_cdf(t, degrees) - p
        low, high = (low, t) if miss > 0 else (t, high)
        slope = scale * math.exp(-(degrees + 1) / 2 * math.log1p(t * t / degrees))
        following = t - miss / slope if slope else low
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - t) <= 1e-14 * (1.0 + abs(t)):
            return following
        t = following
    return t


def _beta(a: float, b: float, x: float, rest: float) -> float:
    """`rest` is 1 - x, given apart because the difference loses digits near 1."""
    if x <= 0.0 or rest >= 1.0:
        return 0.0
    if rest <= 0.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta(b, a, rest, x)
    logs = _log(x, rest), _log(rest, x)
    front = math.exp(a * logs[0] + b * logs[1] - _log_beta(a, b)) / a
    return front / _fraction(_beta_terms(a, b, x), 1.0)


def _log(x: float, rest: float) -> float:
    return math.log1p(-rest) if rest < 0.5 else math.log(x)


def _beta_terms(a: float, b: float, x: float) -> Iterator[tuple[float, float]]:
    for m in count():
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        m1 = m + 1
        yield m1 * (b - m1) * x / ((a + 2 * m1 - 1) * (a + 2 * m1)), 1.0


def _fraction(terms: Iterable[tuple[float, float]], first: float) -> float:
    """first + a1/(b1 + a2/(b2 + …)) by Lentz's method."""
    value = c = first or _TINY
    d = 0.0
    for a, b in terms:
        d = 1.0 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        value *= c * d
        if abs(c * d - 1.0) < _ENOUGH:
            break
    return value


def _gamma(a: float, x: float) -> tuple[float, float]:
    """The lower and the upper part, each exact where it is the small one."""
    if x <= 0.0:
        return 0.0, 1.0
    front = math.exp(_log_gamma_front(a, x))
    if x < a + 1:
        term = total = 1.0 / a
        for n in count(1):
            term *= x / (a + n)
            total += term
            if term < total * _ENOUGH:
                break
        return front * total, 1.0 - front * total
    terms = ((-n * (n - a), x + 2 * n + 1 - a) for n in count(1))
    upper = front / _fraction(terms, x + 1 - a)
    return 1.0 - upper, upper


def _log_gamma_front(a: float, x: float) -> float:
    """log of x^a e^-x / Γ(a)."""
    if a < _STIRLING_FROM:
        return a * math.log(x) - x - math.lgamma(a)
    off = (x - a) / a
    return a * (math.log1p(off) - off) + math.log(a / math.tau) / 2 - _correction(a)


def _log_beta(a: float, b: float) -> float:
    small, large = min(a, b), max(a, b)
    if large < _STIRLING_FROM:
        return math.lgamma(small) + math.lgamma(large) - math.lgamma(small + large)
    share = small / (small + large)
    gap = _correction(large) - _correction(small + large)
    if small < _STIRLING_FROM:
        least = math.lgamma(small) + small - small * math.log(small + large)
        return least + gap + (large - 0.5) * math.log1p(-share)
    shape = (small - 0.5) * math.log(share) + large * math.log1p(-share)
    return (math.log(math.tau / large)) / 2 + _correction(small) + gap + shape


def _correction(x: float) -> float:
    """log Γ(x) less Stirling's formula, for x from 10."""
    square, power, total = x * x, x, 0.0
    for each in _STIRLING:
        total += each / power
        power *= square
    return total

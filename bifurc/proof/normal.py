"""The normal distribution of two variables, enclosed.

With Owen's T(h, a) = ∫_0^a exp(-h² (1 + x²)/2) / (1 + x²) dx / (2 pi),

    P(U < h, V < k) = (Phi(h) + Phi(k))/2 - T(h, (k - r h)/(h S)) - T(k, (h - r k)/(k S)) - c,

c = 0 where h and k have one sign, else 1/2, S = sqrt(1 - r²), at exact h, k, r. What a box
has beside its middle is carried by the mean value theorem, with the derivatives of
:func:`bifurc.loss.normal.slopes`.

References
----------
.. [1] Owen, "Tables for computing bivariate normal probabilities", Ann. Math. Statist. 27
   (1956) 1075-1090.
.. [2] Patefield, Tandy, "Fast and accurate calculation of Owen's T function",
   J. Statist. Softw. 5 (2000), method T1.
"""

try:
    import flint
except ImportError:
    flint = None  # type: ignore[assignment]


STEEPEST = 0.25  # more than any derivative of T, in h and in a


def below(x):
    """Phi(x), of an arb."""
    return (-x / flint.arb(2).sqrt()).erfc() / 2


def below_both(h, k, r):
    """P(U < h, V < k), correlation r, all exact arbs; nan unless -1 < r < 1."""
    if h == 0 and k == 0:
        return flint.arb(0.25) + r.asin() / (2 * flint.arb.pi())
    S = (1 - r * r).sqrt()
    apart = h * k > 0 or (h * k == 0 and h + k > 0)
    sides = _towards(h, k, r, S) + _towards(k, h, r, S)
    return (below(h) + below(k)) / 2 - sides - (0 if apart else flint.arb(0.5))


def _towards(h, k, r, S):
    """T(h, (k - r h)/(h S)); the limit at h = 0."""
    if h == 0:
        return flint.arb(0.25 if k > 0 else -0.25)
    return owen(h, (k - r * h) / (h * S))


def owen(h, a):
    """Owen's T(h, a), odd in a, at an exact h."""
    if a < 0:
        return -owen(h, -a)
    if a > 1:
        turned = a * h
        one, other, middle = below(h), below(turned), turned.mid()
        rest = owen(middle, 1 / a) + (turned - middle) * flint.arb(0, STEEPEST)
        return (one + other) / 2 - one * other - rest
    middle = a.mid() if a.mid() < 1 else flint.arb(1)
    return _owen_series(h, middle) + (a - middle) * flint.arb(0, STEEPEST)


def _owen_series(h, a):
    """The same at exact h and 0 <= a <= 1.

    With P_j the probability that a Poisson variable of mean x = h²/2 is larger than j, it is
    arctan a - sum over j of (-1)^j P_j a^(2j + 1) / (2j + 1), over 2 pi. From 2x on each P_j is
    less than half the one before, and less than twice its first term. T is below e^-x.
    """
    x, total, j = h * h / 2, a.atan(), 0
    weight = (-x).exp()  # of j itself
    if x > flint.ctx.prec:
        return flint.arb(0, weight.upper())
    beyond, power = 1 - weight, a
    while True:
        total = total - (beyond if j % 2 == 0 else -beyond) * power / (2 * j + 1)
        j += 1
        weight, power = weight * x / j, power * a * a
        beyond = beyond - weight
        left = 4 * weight
        if j > 2 * x and left < flint.arb(2) ** -flint.ctx.prec:
            return (total + flint.arb(0, left.upper())) / (2 * flint.arb.pi())

"""Krawczyk's test, and Newton's method, for any square system.

For a box Z around z with an approximate inverse Y of the Jacobian at z, if

    K = z - Y F(z) + (1 - Y F'(Z)) (Z - z)

lies in the interior of Z, there is exactly one zero of F in Z, and it lies in K.
F'(Z) may as well be enclosed over a larger box; the systems of critical points
and of events are in :mod:`bifurc.proof.extended`.

References
----------
.. [1] Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit
   Fehlerschranken", Computing 4, 1969.
.. [2] Rump, "Verification methods: rigorous results using floating-point
   arithmetic", Acta Numerica 19, 2010, section 13.
"""

from bifurc.proof.interval import NotCertifiedError, column, flint


def part(whole, kept):
    """Rows and columns ``kept`` of an arb_mat."""
    return flint.arb_mat([[whole[i, j] for j in kept] for i in kept])


def middle(values) -> list:
    """Midpoints, exact."""
    return [value.mid() for value in values]


def box(centre, radii) -> list:
    """The box of all z with \\|z_i - centre_i\\| <= radii_i."""
    return [c + flint.arb(0, r) for c, r in zip(centre, radii, strict=True)]


def inverse(whole):
    """An approximate inverse of the midpoint, exact entries.

    Raises
    ------
    NotCertifiedError
        If it is singular to the working precision.
    """
    try:
        return whole.mid().inv().mid()
    except ZeroDivisionError:
        raise NotCertifiedError("The Jacobian is singular to the working precision.") from None


def newton(system, z, iterations: int = 200) -> list:
    """Newton's method on midpoints until it stops improving; exact arbs.

    Once it converges the Jacobian is kept: in doubles each step then adds
    some ten digits.

    Raises
    ------
    NotCertifiedError
        If it does not converge.
    """
    z, last, near = middle(z), flint.arb(1), None
    tiny = flint.arb(2) ** (8 - flint.ctx.prec)
    for _ in range(iterations):
        if near is None or last > 1e-6:
            near = inverse(system.jacobian(z))
        step = (near * system.residual(z)).entries()
        size = sum((abs(s.mid()) for s in step), start=flint.arb(0)).mid()
        if not size < 1:
            break
        if size < tiny:
            return z
        z = middle(zi - si for zi, si in zip(z, step, strict=True))
        if last < 1e-8 and size > last / 4:  # rounding is all that is left
            return z
        last = size
    raise NotCertifiedError("Newton's method did not converge from the double-precision values.")


def contract(whole, point, residual, slopes) -> list:
    """Enclosure K of the one zero in the box ``whole``, a list of arbs.

    ``residual`` is that at any exact ``point`` of the box, ``slopes`` encloses
    the Jacobians over the box.

    Raises
    ------
    NotCertifiedError
        If K does not lie in the interior of the box.
    """
    moved = shrink(whole, point, residual, slopes)
    for inner, outer in zip(moved, whole, strict=True):
        if not outer.contains_interior(inner):
            raise NotCertifiedError("Krawczyk's test fails on the box.")
    return moved


def shrink(whole, point, residual, slopes) -> list:
    """K, which holds every zero of the box."""
    near = inverse(slopes)
    product = near * slopes
    size = range(len(whole))
    defect = flint.arb_mat([[int(i == j) - product[i, j] for j in size] for i in size])
    away = column([outer - inner for outer, inner in zip(whole, point, strict=True)])
    return (column(point) - near * residual + defect * away).entries()

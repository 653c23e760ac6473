"""Problems in one unknown, from plain numbers."""

import numpy as np

from bifurc.continuation.problem import PlainProblem


def scalar(f, f_x, f_lam, asked=None):
    """One equation f(x, lam) = 0; every ``lam`` at which it is asked is kept in ``asked``."""

    def noted(function):
        def call(x, lam):
            if asked is not None:
                asked.append(float(lam))
            return np.array(function(x[0], lam))

        return call

    return PlainProblem(
        noted(lambda x, lam: [f(x, lam)]),
        noted(lambda x, lam: [[f_x(x, lam)]]),
        noted(lambda x, lam: [f_lam(x, lam)]),
        1,
    )

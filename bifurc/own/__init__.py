"""A loss of one's own: its derivatives, its group, its parameters by name.

The engine continues the zeros of a gradient g(x, lam) = dL/dx and asks for its
derivatives. A user has a loss L(x, lam, c, ...), perhaps its gradient or its
Hessian. What is not given comes, in this order, from

- JAX, where it is installed and the function goes through it (exact);
- hyper-dual numbers, where it is made of operations that have a rule for them
  (exact; second derivatives: :mod:`bifurc.own.hyperdual`);
- an imaginary step, L(x + ih) = L(x) + ih L'(x) + O(h²), where the function
  takes complex numbers and is analytic (exact to rounding, no difference is
  taken);
- central differences of sixth order, their error estimated from two steps.

One parameter runs and is the engine's ``lam``; the others are numbers. A group
makes the problem one on a fixed space with isotypic blocks beside it
(:mod:`bifurc.groups`).

References
----------
.. [1] Squire, Trapp, "Using complex variables to estimate derivatives of real
   functions", SIAM Review 40 (1998) 110-112.
.. [2] Fornberg, "Generation of finite difference formulas on arbitrarily
   spaced grids", Math. Comp. 51 (1988) 699-706, table 1.
"""

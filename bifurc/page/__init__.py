"""The page of a run: one HTML file that shows all that was found, and needs nothing else.

A picture shows one scalar over the parameter; who looks at it asks which branch
that is, what its weights look like there, which eigenvalue crosses. The page
answers by hover and click. It is made in two parts that know nothing of each other:

- ``content``: numbers and words of a branch graph as plain data (JSON);
- ``run.html`` and ``run.js``: the same for every run, they draw any such data
  with plotly, whose code is written into the page, so that it opens offline and in
  ten years.

W is shown at whole sizes, where it is a matrix. It depends on the reduced
coordinates x by a choice of one coordinate for each entry; that choice, not
the matrix, is what is written for each size, once for all branches that share it.
"""

from bifurc.page.content import content
from bifurc.page.write import html, report

__all__ = ["content", "html", "report"]

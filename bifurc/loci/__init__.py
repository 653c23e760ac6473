"""Events in two parameters: the curves they lie on, and what happens along those."""

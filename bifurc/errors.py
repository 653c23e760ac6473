"""What can be wrong with a point, as opposed to with an input."""


class NotDefinedError(ArithmeticError):
    """The loss is not defined there: a size left its range."""


class LeftWindowError(NotDefinedError):
    """Beyond the end of the window, where nothing is asked."""


class ZeroRowError(ArithmeticError):
    """A row of W is zero: the loss is not differentiable there."""


class EndedEarlyError(RuntimeError):
    """A computation ended before it was done."""


class EndedEarlyWarning(UserWarning):
    """A branch ended before it was done; what is known of it is there."""


class WorkerDiedError(EndedEarlyError):
    """A process that worked for this one died of its task, or with all others."""


class OtherBranchWarning(UserWarning):
    """A branch has come to another point than the one that a name stands for there."""


class MistakenError(ValueError):
    """A user's function raises what no number is to blame for."""

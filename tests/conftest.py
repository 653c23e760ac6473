"""Settings that every test shares: a seeded generator and a hypothesis profile."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "bifurc",
    deadline=None,  # the first call of a structure builds its tables
    max_examples=12,
    derandomize=True,  # a failure on one machine is a failure on all
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("thorough", parent=settings.get_profile("bifurc"), max_examples=60)
settings.register_profile("search", parent=settings.get_profile("bifurc"), derandomize=False)
settings.load_profile("bifurc")


@pytest.fixture
def rng():
    return np.random.default_rng(20)

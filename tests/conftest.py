"""Hypothesis tries the same cases in every default run; `make test-slow` looks for new ones."""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("new", settings.get_profile("default"))
settings.load_profile("same")

"""The Lambda functions: one module each, handlers of a few lines, everything real is elsewhere."""

from chalicelib import loading

loading.begin()

"""Exports: one file per format, each a pure function from records to bytes; found by `FORMAT`."""

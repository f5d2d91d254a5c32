"""Resource types: one public module each, found by its constant ``RESOURCE_TYPE``.

Modules that begin with an underscore are not types: ``_frame`` does for every type what no type
should do for itself (gaps, closed schemas, facts, fingerprints).
"""

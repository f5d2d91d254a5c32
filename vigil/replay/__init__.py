"""Judges recorded CloudTrail by the functions that run in Lambda; needs no account.

The way of one record: sources (where files are) → reading (bytes → records) → judging (record →
verdict) → running (all cores, input order, duplicates once). Envelopes are not trusted here and
not required: a person chose the files, and the record alone is judged.
"""

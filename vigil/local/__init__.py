"""AWS on one machine: moto behind locks, a local CloudTrail, and the loop that plays the rest.

Import the part you need (`vigil.local.moto_server`, `vigil.local.environment`); this package
imports nothing itself, because moto takes a third of a second.
"""

"""The deployable: templates, least-privilege policies and event patterns, all from the code."""

"""The REST API: one module per kind of thing, each a Chalice Blueprint behind AWS IAM."""

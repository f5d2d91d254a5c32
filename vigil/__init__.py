"""Vigil on a person's machine: command, local AWS, packaging. Never in the Lambda package."""

"""Everything that runs in Lambda: Vigil's judging, remembering and telling."""

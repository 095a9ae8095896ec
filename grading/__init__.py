"""Hand out assignments, mark what comes back, explain the marks: see docs/instructors.md."""

"""Hand out assignments, mark what comes back, explain the marks. docs/instructors.md is the guide."""

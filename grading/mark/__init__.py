"""Mark: find what was handed in, run it in a sandbox, compare it with the references."""

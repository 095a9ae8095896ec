"""The predictions of each lesson, one module a topic."""

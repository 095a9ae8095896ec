"""The helper package of the course: exercises with feedback, predictions, figures, data."""

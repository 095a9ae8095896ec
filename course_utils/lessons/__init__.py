"""The lessons, one folder each: contents page, lesson, predictions, exercises."""

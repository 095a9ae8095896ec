"""The contents page of lesson 00: start here."""

from course_utils.contents import Contents

contents = Contents(
    __name__,
    number="00",
    name="start_here",
    title="Start here",
    needs=[],
    knowing="Python: lists, functions, a class seen once",
    minutes=30,
    after=[
        "run a notebook, add a cell, and go on after a break",
        "make a prediction before the code answers",
        "write an answer, check it, ask for a hint, and look at a solution",
        "find your way through the lessons",
        "read a page of the PyTorch documentation",
    ],
    exercises={
        "00.1": "largest",
    },
)

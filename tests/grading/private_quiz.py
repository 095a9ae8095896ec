"""A file as an instructor writes one: an exercise of their own, outside the course."""

import math

import torch

from course_utils.exercise import Exercise

quiz = Exercise(
    "90.1",
    "The area of a circle",
    minutes=5,
    difficulty=1,
    hints=["Which of the two formulas has a square in it?"],
)


@quiz.reference
def circle_area(radius):
    """The area of a circle as a tensor of shape (). radius: a float."""
    return torch.tensor(math.pi * radius**2)


@quiz.cases
def _(rng):
    yield (1.0,)
    yield (float(rng.randint(2, 9)),)


@quiz.mistake("That is the way around the circle. What lies inside it?")
def around(radius):
    return torch.tensor(2 * math.pi * radius)


@quiz.mistake("A radius reaches from the middle to the edge, and a diameter across.")
def of_the_diameter(radius):
    return torch.tensor(math.pi * (radius / 2) ** 2)


@quiz.mistake("Which number is between a square and the circle in it?")
def square(radius):
    return torch.tensor(radius**2)

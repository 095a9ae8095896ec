"""Give the largest number of a list without changing the list."""

from course_utils.exercise import Exercise

exercise = Exercise(
    "00.1",
    "The largest number",
    minutes=5,
    difficulty=1,
    hints=[
        "Python has a function for this. Which one?",
        "Look for the word “maximum” in Python's list of built-in functions.",
    ],
)


@exercise.reference
def largest(numbers):
    """The largest number of a list that is not empty. The list stays as it is."""
    return max(numbers)


@exercise.cases
def _(rng):
    yield ([3, 1, 2],)
    yield ([-5, -2, -9],)
    yield ([7],)
    yield ([rng.randint(-50, 50) for _ in range(6)],)


@exercise.mistake(
    "The number is right, but your code sorted the list it was given. The caller still needs it."
)
def sorts_in_place(numbers):
    numbers.sort()
    return numbers[-1]


@exercise.mistake(
    "You begin with 0 as the largest number so far. What if all numbers are below it?"
)
def starts_at_zero(numbers):
    best = 0
    for number in numbers:
        if number > best:
            best = number
    return best


@exercise.mistake("A list is in the order it was written in; its last number is just the last.")
def last_number(numbers):
    return numbers[-1]


@exercise.mistake("That is where the largest number stands, not the number itself.")
def its_position(numbers):
    return numbers.index(max(numbers))


@exercise.right
def by_sorting_a_copy(numbers):
    return sorted(numbers)[-1]

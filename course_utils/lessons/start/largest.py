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
    """The largest number of a list of ints and floats, as it stands in the list.

    The list is not empty, and stays as it is.
    """
    return max(numbers)


@exercise.cases
def _(rng):
    yield ([3, 1, 2],)
    yield ([-5, -2, -9],)
    yield ([7],)
    yield ([0.5, 2.25, 2],)
    yield ([1, 4, 3, 8],)
    yield ([2, 3, 9, 4, 5],)
    yield ([rng.randint(2, 9), 2**24 + 1, -(2**30)],)
    yield ([rng.randint(-50, 50) for _ in range(6)],)


@exercise.mistake(
    "The number is right, but the list of the caller is not what it was. The caller still needs it."
)
def sorts_in_place(numbers):
    numbers.sort()
    return numbers[-1]


@exercise.mistake(
    "Where all numbers are below 0, yours gives 0. That number does not stand in the list."
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


@exercise.mistake(
    "-9 is not larger than -2, though it is farther from 0. By what do you compare the numbers?"
)
def farthest_from_zero(numbers):
    return max(numbers, key=abs)


@exercise.mistake("Yours never looks at the last number of the list. It may be the largest.")
def leaves_out_the_last(numbers):
    return max(numbers[:-1] or numbers)


@exercise.mistake(
    "Yours gives a number that is larger than the first one, or than the one before it. A larger "
    "one may still come."
)
def larger_than_its_neighbour(numbers):
    best = numbers[0]
    for before, after in zip(numbers, numbers[1:]):
        if after > before:
            best = after
    return best


@exercise.mistake(same_as=larger_than_its_neighbour)
def first_larger_one(numbers):
    for number in numbers:
        if number > numbers[0]:
            return number
    return numbers[0]


@exercise.mistake(
    "The result has the right size, but not the type that it has in the list: a float stays a "
    "float, and an int an int."
)
def always_a_float(numbers):
    return float(max(numbers))


@exercise.mistake("What comes after the point is lost: the list has floats in it, too.")
def always_an_int(numbers):
    return int(max(numbers))


@exercise.right
def by_sorting_a_copy(numbers):
    return sorted(numbers)[-1]

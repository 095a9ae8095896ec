"""Is an exercise ready for a class? `python -m grading review` says what is not, in sentences.

command: what is reviewed, and what is printed. readiness: the judge, which the tests of the course
call as well. changes, operators: would the check of an exercise see a small change of its answer?
"""

"""Inside the sandbox: this folder, whole, is all of the grader that a student's code could find.

Nothing here imports the rest of the grader, and nothing here knows a right answer. Which part of an
exercise's file comes with it: course_utils/student_half.py.
"""

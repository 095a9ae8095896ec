"""Hand out: the files of an assignment, for the instructor and for students."""

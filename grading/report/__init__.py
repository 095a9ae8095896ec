"""Report: the table of marks, the details, a page for each student and one for the class."""

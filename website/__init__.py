"""The course as a website: its pages, what is interactive on them, and the build."""

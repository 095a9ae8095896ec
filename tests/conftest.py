"""Options of the test run."""


def pytest_addoption(parser):
    parser.addoption(
        "--update-figures",
        action="store_true",
        help="store the figures of tests/test_figures.py anew; look at every changed one",
    )

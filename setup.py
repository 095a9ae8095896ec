"""What pyproject.toml cannot say: lesson.py, which the build reads, is in no wheel."""

from setuptools import setup
from setuptools.command.build_py import build_py


class WithoutLessons(build_py):
    """Every module of a package but the text of a lesson, which nothing imports."""

    def find_package_modules(self, package, package_dir):
        found = super().find_package_modules(package, package_dir)
        return [(package, module, file) for package, module, file in found if module != "lesson"]


setup(cmdclass={"build_py": WithoutLessons})

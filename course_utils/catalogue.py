"""Everything of one kind that the course declares, by its id: register, load, find."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Declared = TypeVar("Declared")


class NotDeclared(LookupError):
    """Nothing has this id. `near`: the declared ids that are most like it, at most three."""

    def __init__(self, id: object, near: list[str]) -> None:
        super().__init__(f"There is no {id!r}. Near it: {', '.join(near)}.")
        self.id = id
        self.near = near


class Catalogue(Generic[Declared]):
    """Exercises, or predictions, by their ids: '01.3', '01.p2'.

    A declaration registers itself when its file is imported. modules(id) gives the names of the
    modules that may declare this id; modules(None) those of all. load_module(name) imports one.
    """

    def __init__(
        self,
        modules: Callable[[str | None], Iterable[str]],
        load_module: Callable[[str], object] = importlib.import_module,
    ) -> None:
        self._modules = modules
        self._load_module = load_module
        self._declared: dict[str, Declared] = {}

    def register(self, id: str, thing: Declared) -> None:
        """Enter a declaration. Raises ValueError if its id is taken."""
        if id in self._declared:
            raise ValueError(f"{id} is declared twice: give one of them another id.")
        self._declared[id] = thing

    def load(self, id: str) -> Declared:
        """The declaration with this id. Raises NotDeclared, which knows the nearest ids."""
        if isinstance(id, str):
            if id not in self._declared:
                # Only its own file: others import libraries that this notebook may not need.
                self._import(id)
            if id in self._declared:
                return self._declared[id]
        self._import(None)
        near = difflib.get_close_matches(str(id), self._declared, n=3, cutoff=0.3)
        raise NotDeclared(id, sorted(near or list(self._declared)[:1], key=in_order))

    def load_all(self) -> list[Declared]:
        """Every declaration, in the order of the ids."""
        self._import(None)
        return [self._declared[id] for id in sorted(self._declared, key=in_order)]

    def _import(self, id: str | None) -> None:
        for name in self._modules(id):
            before = dict(self._declared)
            try:
                self._load_module(name)
            except BaseException:
                # Half of a file declares nothing: imported again, it raises the same error again.
                self._declared.clear()
                self._declared.update(before)
                raise


def in_order(id: str) -> tuple[int, ...]:
    """A key by which 05.2 comes before 05.10."""
    return tuple(int(number) for number in re.findall(r"\d+", id))

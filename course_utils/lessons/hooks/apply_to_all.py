"""`apply` is a few lines of Python. Write them, without calling `apply`."""

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.models import Source, some_activations

exercise = Exercise(
    "05.12",
    "Write apply yourself",
    minutes=10,
    difficulty=2,
    without=["nn.Module.apply"],
    hints=[
        "Only the children are needed: for each of them, the same job is to be done again.",
        "A function may call itself. What comes first, the children or the module itself?",
    ],
)


@exercise.reference
def apply_to_all(module, function):
    """Do by hand what module.apply(function) does.

    function(m) is called for the module and for everything inside it, in the order in which
    `apply` does it. A module that is reached on two paths is visited twice, as `apply` does.
    What function returns is ignored. Returns the module itself.
    """
    for child in module.children():
        apply_to_all(child, function)
    function(module)
    return module


@exercise.cases
def _(rng):
    yield (Source("nn.Sequential(nn.Linear(2, 3), nn.ReLU())"),)
    yield (Source("nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh(), nn.Linear(2, 2)))"),)
    yield (Source("nn.Linear(2, 2)"),)
    yield (Source("TwoPaths()"),)
    inner = ", ".join(some_activations(rng, 2, 3))
    parts = [f"nn.Sequential({inner})", "nn.Sequential(nn.Sequential(nn.Tanh()))"]
    for _ in range(rng.randint(2, 5)):
        place = rng.randint(0, len(parts))
        parts.insert(place, f"nn.Sequential({', '.join(some_activations(rng, 1, 4))})")
    yield (Source(f"nn.Sequential({', '.join(parts)})"),)


@exercise.observe
def _(answer, source):
    model = source.build()
    names = {id(module): name or "the model itself" for name, module in model.named_modules()}
    visited = []

    def note(module):
        visited.append(names.get(id(module), "not a module of this model"))
        return "something that has to be ignored"

    result = answer(model, note)
    return {
        "modules in the order of their visits": visited,
        "the module itself is returned": result is model,
    }


@exercise.mistake(
    "You begin with the outermost module. apply works from the inside to the outside."
)
def outermost_first(module, function):
    function(module)
    for child in module.children():
        outermost_first(child, function)
    return module


@exercise.mistake(
    "Everything inside is visited. “All submodules”, say many notes, and forget one module."
)
def without_itself(module, function):
    for child in module.children():
        without_itself(child, function)
        function(child)
    return module


@exercise.mistake("You visit the leaves only. Containers are modules as well.")
def only_the_leaves(module, function):
    for child in module.children():
        only_the_leaves(child, function)
    if not list(module.children()):
        function(module)
    return module


@exercise.mistake("You go one level down. A child may have children of its own.")
def one_level(module, function):
    for child in module.children():
        function(child)
    function(module)
    return module


@exercise.mistake(
    "Turning round the list of modules() puts the last layer first, and a shared module comes "
    "only once in it."
)
def modules_turned_round(module, function):
    for inner in reversed(list(module.modules())):
        function(inner)
    return module


@exercise.mistake(
    "The visits are right. apply gives the module back, so that one can go on with it in the same "
    "line; yours gives None."
)
def gives_none(module, function):
    for child in module.children():
        gives_none(child, function)
    function(module)


@exercise.right
def with_a_stack(module, function):
    waiting = [(module, False)]
    while waiting:
        current, is_ready = waiting.pop()
        if is_ready:
            function(current)
            continue
        waiting.append((current, True))
        waiting += [(child, False) for child in reversed(list(current.children()))]
    return module


exercise.equivalent(
    "waiting += [(child, False) for child in reversed(list(current.children()))]",
    "waiting = waiting + [(child, False) for child in reversed(list(current.children()))]",
    because="The list was made here: nobody else sees that it changes.",
)

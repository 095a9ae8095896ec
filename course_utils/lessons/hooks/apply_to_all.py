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
    `apply` does it, and as often: a module in two containers is visited twice, a module under two
    names in one container once. What function returns is ignored. Returns the module itself.
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
    yield (Source("nn.Sequential(TwoNames(), nn.ReLU())"),)
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

    def visits(returned):
        visited = []

        def note(module):
            visited.append(names.get(id(module), "not a module of this model"))
            return returned

        result = answer(model, note)
        return visited, "the module itself" if result is model else result

    visited, given = visits("something that has to be ignored")
    visited_again, given_again = visits(None)
    return {
        "modules in the order of their visits": visited,
        "what is returned": given,
        "visits of a function that returns None": visited_again,
        "what is returned then": given_again,
    }


@exercise.mistake(
    "In yours a module is visited before what is inside it. apply works from the inside to the "
    "outside."
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


@exercise.mistake("Only the leaves are visited in yours. Containers are modules as well.")
def only_the_leaves(module, function):
    for child in module.children():
        only_the_leaves(child, function)
    if not list(module.children()):
        function(module)
    return module


@exercise.mistake("Yours goes one level down. A child may have children of its own.")
def one_level(module, function):
    for child in module.children():
        function(child)
    function(module)
    return module


@exercise.mistake(
    "The last layer comes first in yours, and a shared module only once. apply takes the children "
    "in their order."
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


@exercise.mistake(
    "Yours gives what the function gave for the module. What the function gives is to be ignored; "
    "apply gives the module back."
)
def gives_what_the_function_gave(module, function):
    for child in module.children():
        gives_what_the_function_gave(child, function)
    return function(module)


@exercise.mistake(same_as=gives_what_the_function_gave)
def gives_one_of_both(module, function):
    for child in module.children():
        gives_one_of_both(child, function)
    return function(module) or module


@exercise.mistake(
    "What yours gives depends on what the function gave. That is to be ignored, whatever it is."
)
def asks_what_the_function_gave(module, function):
    for child in module.children():
        asks_what_the_function_gave(child, function)
    return module if function(module) else None


@exercise.mistake(
    "What the function gives takes the place of the child in yours. It is to be ignored: apply "
    "changes no model by itself."
)
def replaces_the_children(module, function):
    for name, child in module.named_children():
        setattr(module, name, replaces_the_children(child, function))
    return function(module) or module


@exercise.mistake(
    "The order is that of modules(): from the outside in, and a shared module comes only once. "
    "apply works from the inside to the outside."
)
def in_the_order_of_modules(module, function):
    for inner in module.modules():
        function(inner)
    return module


@exercise.mistake(same_as=outermost_first)
def in_the_order_of_all_names(module, function):
    for _, inner in module.named_modules(remove_duplicate=False):
        function(inner)
    return module


@exercise.mistake(
    "A module in two containers is visited once in yours. apply does not remember where it has "
    "been."
)
def each_module_once(module, function):
    seen = set()

    def visit(current):
        if current in seen:
            return
        seen.add(current)
        for child in current.children():
            visit(child)
        function(current)

    visit(module)
    return module


@exercise.mistake(
    "A module may have two names in one container, where apply goes to it once; and a name may "
    "hold no module at all. Is there a method that gives the children as apply takes them?"
)
def by_the_table(module, function):
    for child in module._modules.values():
        by_the_table(child, function)
    function(module)
    return module


@exercise.mistake(same_as=by_the_table)
def by_the_table_without_none(module, function):
    for child in module._modules.values():
        if child is not None:
            by_the_table_without_none(child, function)
    function(module)
    return module


@exercise.mistake(
    "All modules of one depth follow each other in yours. apply is done with all that is inside a "
    "module, and with the module, before it goes on to the next one."
)
def deepest_first(module, function):
    def depth(pair):
        name, _ = pair
        return -name.count(".") if name else 1

    for _, inner in sorted(module.named_modules(remove_duplicate=False), key=depth):
        function(inner)
    return module


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

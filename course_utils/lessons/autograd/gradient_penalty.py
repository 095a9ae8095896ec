"""Some training keeps a function from growing too steep. For each sample it asks how long the
gradient of the score with respect to the sample is, and punishes what is not 1. For the scores
`3 * x[:, 0]` each gradient has the length 3, and the penalty is `(3 - 1) ** 2`, which is 4.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.observation import attempt

exercise = Exercise(
    "03.12",
    "A penalty for steep functions",
    minutes=20,
    difficulty=3,
    hints=[
        "One sample's score depends on that sample alone. What is the gradient of the sum of all "
        "scores, row by row?",
        "The weights are to learn from this number: which graph has to be kept when you take the "
        "first gradient?",
        "The length of a gradient that is all 0 is 0. The slope of the square root there is "
        "infinite: is there a function of torch for lengths that knows?",
    ],
)


@exercise.reference
def gradient_penalty(f, x):
    """The mean over the samples of (length of the gradient of f at the sample - 1) squared.

    f: takes x, gives the scores of its samples, shape (n,), each from its own sample; it has
    weights. x: float32, contiguous, shape (n, ...), at least one dimension after n; n may be 1.
    The length is the root of the sum of squares over all elements of one sample; it may be 0.
    Returns a tensor of shape () that is connected to f's weights; the gradients that it gives them
    hold no NaN. x stays as it is, and need not require grad; no .grad is filled.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)  # (n, ...)
    lengths = gradient.flatten(1).norm(dim=1)  # (n,)
    return (lengths - 1).square().mean()


@exercise.cases
def _(rng):
    steep = torch.tensor([3.0, 0.0])
    yield Formula("lambda x: x @ {w}", w=steep), torch.tensor([[1.0, 2.0], [5.0, 0.0]])
    yield Formula("lambda x: torch.relu(x @ {w})", w=steep), torch.tensor([[1.0, 2.0], [-5.0, 0.0]])
    yield Formula("lambda x: (x @ {w}) ** 2", w=decimals(rng, 2)), torch.zeros(3, 2)
    w, u = decimals(rng, 3, 2, most=1), decimals(rng, 2, most=1)
    yield Formula("lambda x: torch.tanh(x @ {w}) @ {u}", w=w, u=u), decimals(rng, 4, 3, most=1)
    yield Formula("lambda x: torch.sin(x @ {w} / 4)", w=decimals(rng, 3)), decimals(rng, 1, 3)
    yield Formula("lambda x: x[:, 0] * {w}", w=torch.tensor(0.25)), decimals(rng, 2, 1)
    picture = Formula("lambda x: torch.sin((x * {w}).sum((1, 2)) / 4)", w=decimals(rng, 2))
    yield picture, decimals(rng, 3, 2, 2)
    pictures = Formula("lambda x: (x[:, :, 0] * {w}).square().sum((1, 2))", w=decimals(rng, 2))
    yield pictures, decimals(rng, 2, 3, 2, 2, most=1)


@exercise.observe
def _(answer, f, x):
    weights = list(f.parameters())

    def gradients(penalty):
        return torch.autograd.grad(3 * penalty, weights, retain_graph=True, allow_unused=True)

    penalty = answer(f, x)
    facts = {"penalty": penalty}
    facts["gradients of the weights"] = attempt(lambda: gradients(penalty))
    leaf = x.detach().requires_grad_()
    leaf.grad = torch.ones_like(x)
    facts["penalty where x is a leaf that requires grad"] = attempt(lambda: answer(f, leaf))
    made = leaf * 1
    facts["gradients where x was computed"] = attempt(lambda: gradients(answer(f, made)))
    return facts


def penalty_of(f, x, lengths_of, penalty=lambda lengths: (lengths - 1).square().mean(), graph=True):
    """The penalty for the lengths of all gradients; lengths_of takes the gradient of the sum."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=graph)
    return penalty(lengths_of(gradient))


def lengths(gradient):
    """The length of each sample's gradient, 0 included."""
    return gradient.flatten(1).norm(dim=1)


@exercise.mistake(
    "Nothing can learn from your penalty: the gradient that it is made from has no graph, or has "
    "lost it."
)
def without_a_graph(f, x):
    return penalty_of(f, x, lengths, graph=False)


@exercise.mistake(same_as=without_a_graph)
def connected_to_nothing(f, x):
    return torch.tensor(penalty_of(f, x, lengths).item(), requires_grad=True)


@exercise.mistake(
    "Each sample has a length of its own. Yours is one length for the whole batch of gradients."
)
def length_of_the_batch(f, x):
    return penalty_of(f, x, lambda gradient: gradient.norm())


@exercise.mistake(same_as=length_of_the_batch)
def length_of_the_batch_for_one(f, x):
    return penalty_of(f, x, lambda gradient: gradient.norm() / len(gradient) ** 0.5)


@exercise.mistake(same_as=length_of_the_batch)
def mean_gradient(f, x):
    return penalty_of(f, x, lambda gradient: gradient.mean(dim=0).norm())


@exercise.mistake(
    "The dimension of the samples is there also when there is one sample. A `squeeze()` takes away "
    "every size of 1, and what is left is read as something else."
)
def squeezes_one_sample(f, x):
    def lengths_of(gradient):
        gradient = gradient.squeeze()
        return gradient.reshape(gradient.shape[0], -1).norm(dim=1)

    return penalty_of(f, x, lengths_of)


@exercise.mistake(
    "A sample may have several dimensions, and its length goes over all of them at once. Yours "
    "goes over others, or over one of them, which is right only for rows of numbers."
)
def length_along_one_dimension(f, x):
    return penalty_of(f, x, lambda gradient: gradient.norm(2, dim=1))


@exercise.mistake(same_as=length_along_one_dimension)
def length_along_the_last_dimension(f, x):
    return penalty_of(f, x, lambda gradient: gradient.norm(dim=-1))


@exercise.mistake(same_as=length_along_one_dimension)
def length_along_the_first_dimension(f, x):
    return penalty_of(f, x, lambda gradient: gradient.norm(dim=0))


@exercise.mistake(same_as=length_along_one_dimension)
def every_element_by_itself(f, x):
    return penalty_of(f, x, torch.abs)


@exercise.mistake(
    "Your gradients get smaller when the batch gets larger: they are those of a mean. The score "
    "of each sample counts fully."
)
def gradient_of_the_mean(f, x):
    return penalty_of(lambda x: f(x).mean(), x, lengths)


@exercise.mistake(
    "The penalty is right, and the gradients of the weights hold NaN where a sample's gradient is "
    "0. What is the slope of the square root at 0?"
)
def root_of_squares(f, x):
    return penalty_of(f, x, lambda gradient: gradient.flatten(1).square().sum(1).sqrt())


@exercise.mistake(
    "The length is the root of the sum of squares. Yours is another measure of the gradient."
)
def squared_lengths(f, x):
    return penalty_of(f, x, lambda gradient: gradient.flatten(1).square().sum(1))


@exercise.mistake(same_as=squared_lengths)
def sum_of_absolutes(f, x):
    return penalty_of(f, x, lambda gradient: gradient.flatten(1).abs().sum(1))


@exercise.mistake(same_as=squared_lengths)
def root_of_the_mean(f, x):
    return penalty_of(f, x, lambda g: g.flatten(1).norm(dim=1) / g[0].numel() ** 0.5)


@exercise.mistake(
    "A length of 1 is free, a shorter one costs as well as a longer one, and the distance from 1 "
    "is squared. Yours asks for something else."
)
def longer_ones_only(f, x):
    return penalty_of(f, x, lengths, lambda n: (n - 1).clamp(min=0).square().mean())


@exercise.mistake(same_as=longer_ones_only)
def not_squared(f, x):
    return penalty_of(f, x, lengths, lambda n: (n - 1).abs().mean())


@exercise.mistake(same_as=longer_ones_only)
def distance_with_its_sign(f, x):
    return penalty_of(f, x, lengths, lambda n: (n - 1).mean())


@exercise.mistake(same_as=longer_ones_only)
def every_length_costs(f, x):
    return penalty_of(f, x, lengths, lambda n: n.square().mean())


@exercise.mistake(
    "First the square, then the mean, and a mean it is: a long gradient and a short one must not "
    "make up for each other."
)
def distance_of_the_mean(f, x):
    return penalty_of(f, x, lengths, lambda n: (n.mean() - 1).square())


@exercise.mistake(same_as=distance_of_the_mean)
def the_sum(f, x):
    return penalty_of(f, x, lengths, lambda n: (n - 1).square().sum())


@exercise.mistake(same_as=distance_of_the_mean)
def one_for_each_sample(f, x):
    return penalty_of(f, x, lengths, lambda n: (n - 1).square())


@exercise.mistake(
    "backward() fills `.grad`: that of f's weights, which are to learn later, or that of the "
    "caller's x. Which call gives a gradient back instead?"
)
def fills_the_weights(f, x):
    x = x.detach().requires_grad_()
    f(x).sum().backward(create_graph=True)
    return (lengths(x.grad) - 1).square().mean()


@exercise.mistake(same_as=fills_the_weights)
def fills_x_too(f, x):
    x.requires_grad_()
    f(x).sum().backward(create_graph=True)
    return (lengths(x.grad) - 1).square().mean()


@exercise.mistake(
    "The x of the caller requires grad now. Work with a tensor of your own over the same numbers."
)
def switches_x(f, x):
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    return (lengths(gradient) - 1).square().mean()


@exercise.mistake(
    "x need not require grad. You ask for a gradient with respect to a tensor that has none."
)
def takes_x_as_it_is(f, x):
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    return (lengths(gradient) - 1).square().mean()


@exercise.mistake(
    "f gives one score for each sample, and a gradient begins at one number. Which number has "
    "the gradients of all samples in its gradient?"
)
def begins_at_many(f, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    return (lengths(gradient) - 1).square().mean()


@exercise.mistake(same_as=begins_at_many)
def the_first_score_only(f, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x)[0], x, create_graph=True)
    return (lengths(gradient) - 1).square().mean()


@exercise.mistake(
    "That is how steep f is when its weights move. Asked is how steep it is when the sample moves."
)
def of_the_weights(f, x):
    gradients = torch.autograd.grad(f(x).sum(), list(f.parameters()), create_graph=True)
    return (torch.cat([g.reshape(-1) for g in gradients]).norm() - 1).square()


@exercise.right
def ones_as_the_first_gradient(f, x):
    x = x.detach().clone().requires_grad_(True)
    scores = f(x)
    gradient = torch.autograd.grad(
        outputs=scores,
        inputs=x,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
    )[0]
    gradient = gradient.view(gradient.shape[0], -1)
    return ((gradient.norm(2, dim=1) - 1) ** 2).mean()


@exercise.right
def sample_by_sample(f, x):
    penalty = 0
    for sample in x.detach():
        one = sample.unsqueeze(0).requires_grad_()
        (gradient,) = torch.autograd.grad(f(one)[0], one, create_graph=True)
        penalty = penalty + (torch.linalg.vector_norm(gradient) - 1) ** 2
    return penalty / len(x)


@exercise.right
def a_root_with_a_little_more(f, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    squares = gradient.square().sum(dim=tuple(range(1, gradient.dim())))
    return torch.mean((torch.sqrt(squares + 1e-12) - 1) ** 2)


@exercise.right
def with_func(f, x):
    gradient = torch.func.grad(lambda x: f(x).sum())(x.detach())
    return torch.linalg.vector_norm(gradient.reshape(len(x), -1), dim=1).sub(1).pow(2).mean()


exercise.equivalent(
    "x = x.detach().clone().requires_grad_(True)",
    "x = x.detach().clone().requires_grad_()",
    "x = x.detach().requires_grad_(True)",
    "x = x.clone().requires_grad_(True)",
    because="A tensor of its own over the same numbers, or over a copy, is asked for its gradient.",
)


exercise.equivalent(
    (
        "gradient = torch.autograd.grad(outputs=scores, inputs=x, grad_outputs=torch.ones"
        "_like(scores), create_graph=True, retain_graph=True)[0]"
    ),
    (
        "gradient = torch.autograd.grad(outputs=scores, inputs=x, grad_outputs=torch.ones"
        "_like(scores), create_graph=True)[0]"
    ),
    because="A graph that is created is kept as well.",
)


exercise.equivalent(
    (
        "gradient = torch.autograd.grad(outputs=scores, inputs=x, grad_outputs=torch.ones"
        "_like(scores), create_graph=True, retain_graph=True)[0]"
    ),
    (
        "gradient = torch.autograd.grad(outputs=scores, inputs=x, grad_outputs=torch.ones"
        "_like(scores), create_graph=True, retain_graph=True)[-1]"
    ),
    because="There is one input, and so one gradient.",
)


exercise.equivalent(
    "return ((gradient.norm(2, dim=1) - 1) ** 2).mean()",
    "return ((gradient.norm(dim=1) - 1) ** 2).mean()",
    because="The norm is this one where none is named.",
)


exercise.equivalent(
    "for sample in x.detach():",
    "for sample in x:",
    because="The gradient is asked for at the row, whatever stands behind it.",
)


exercise.equivalent(
    "gradient, = torch.autograd.grad(f(one)[0], one, create_graph=True)",
    "gradient, = torch.autograd.grad(f(one)[-1], one, create_graph=True)",
    because="One sample has one score.",
)


exercise.equivalent(
    "squares = gradient.square().sum(dim=tuple(range(1, gradient.dim())))",
    "squares = gradient.square_().sum(dim=tuple(range(1, gradient.dim())))",
    because="The gradient was made here, and torch keeps what it needs of it for the way back.",
)


exercise.equivalent(
    "return torch.mean((torch.sqrt(squares + 1e-12) - 1) ** 2)",
    "return torch.mean((torch.sqrt(squares + 2e-12) - 1) ** 2)",
    because="Both are next to nothing: no float32 shows them.",
)


exercise.equivalent(
    "gradient = torch.func.grad(lambda x: f(x).sum())(x.detach())",
    "gradient = torch.func.grad(lambda x: f(x).sum())(x)",
    because="The numbers are the same: whether a graph leads on from them to x is not asked.",
)


exercise.equivalent(
    ("return torch.linalg.vector_norm(gradient.reshape(len(x), -1), dim=1).sub(1).pow(2).mean()"),
    "return torch.linalg.vector_norm(gradient.view(len(x), -1), dim=1).sub(1).pow(2).mean()",
    because="The gradients of contiguous samples can be viewed as rows.",
)

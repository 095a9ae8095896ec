"""What observations of losses and optimizers note."""

import torch


def loss_and_gradient(answer, x: torch.Tensor, *rest) -> dict:
    """The loss, and the gradient that its sum sends back to x."""
    x = x.detach().requires_grad_()  # the strides of the case
    loss = answer(x, *rest)
    connected = type(loss) is torch.Tensor and loss.requires_grad
    if connected:
        loss.sum().backward()
    return {"loss": loss, "loss is connected to its input": connected, "gradient": x.grad}


def current_rates(optimizer: torch.optim.Optimizer) -> list[float]:
    """The learning rate of each group, as the optimizer would use it now."""
    return [float(group["lr"]) for group in optimizer.param_groups]

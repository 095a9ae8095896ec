"""Other right answers to the exercises of notebook 07."""

import math
import random

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Subset, random_split
from torchvision import transforms, tv_tensors
from torchvision.transforms import v2

from tests.right_answers import right


@right("07.1")
def with_numpy_and_totensor(pixels):
    return transforms.ToTensor()(pixels.numpy())


@right("07.1")
def channel_by_channel(pixels):
    channels = [pixels] if pixels.dim() == 2 else pixels.unbind(-1)
    image = torch.stack([channel.clone() for channel in channels])
    return image.to(torch.float32) / (255.0 if pixels.dtype == torch.uint8 else 1.0)


@right("07.2")
def with_torchvision(image, mean, std):
    return transforms.Normalize(mean, std)(image)


@right("07.2")
def in_a_loop(image, mean, std):
    return torch.stack([(image[c] - mean[c]) / std[c] for c in range(len(mean))])


@right("07.3")
def by_a_second_normalize(image, mean, std):
    back = transforms.Normalize(
        [-m / s for m, s in zip(mean, std, strict=True)], [1 / s for s in std]
    )
    return torch.einsum("chw->hwc", back(image)).clip(min=0.0, max=1.0)


@right("07.4")
def with_sums(batches):
    count, total, squares = 0, 0.0, 0.0
    for images, _ in batches:
        count += images.numel() // images.shape[1]
        total = total + images.double().sum((0, 2, 3))
        squares = squares + images.double().square().sum((0, 2, 3))
    mean = total / count
    return mean.float(), (squares / count - mean**2).sqrt().float()


@right("07.5")
def by_trying(height, width, size):
    image = torch.zeros(1, height, width)
    return tuple(transforms.Resize(size, antialias=True)(image).shape[1:])


@right("07.5")
def with_floor(height, width, size):
    if isinstance(size, tuple):
        return size
    scale = size / min(height, width)
    if height < width:
        return size, math.floor(size * width / height)
    return (math.floor(scale * height) if width == height else size * height // width), size


@right("07.6")
def into_zeros(image, padding, top, left, size):
    channels, height, width = image.shape
    padded = image.new_zeros(channels, height + 2 * padding, width + 2 * padding)
    padded[:, padding : padding + height, padding : padding + width] = image
    return padded.narrow(1, top, size).narrow(2, left, size).clone()


@right("07.7")
class AsModule(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.flip = transforms.RandomHorizontalFlip(p)

    def forward(self, image):
        return self.flip(image)


@right("07.7")
class WithBernoulli:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        if torch.bernoulli(torch.tensor(self.p)):
            return image[..., list(reversed(range(image.shape[-1])))]
        return image.clone()


@right("07.8")
def with_v2(size, mean, std):
    numbers = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])]
    train = v2.Compose([v2.RandomCrop((size, size), padding=2), *numbers])
    return train, v2.Compose(numbers)


@right("07.8")
def pads_as_a_tensor(size, mean, std):
    valid = transforms.Compose([transforms.ToTensor(), transforms.Normalize([mean], [std])])
    steps = [transforms.ToTensor(), transforms.RandomCrop(size, padding=2), valid.transforms[1]]
    return [transforms.Compose(steps), valid]


@right("07.8")
def as_functions(size, mean, std):
    def valid(image):
        return (transforms.ToTensor()(image) - mean) / std

    crop = transforms.Compose([transforms.Pad(2), transforms.RandomCrop(size)])
    return lambda image: valid(crop(image)), valid


@right("07.9")
def two_equal_draws(make_dataset, count, train_transform, valid_transform, seed):
    def parts(transform):
        dataset = make_dataset(transform)
        generator = torch.Generator().manual_seed(seed)
        return random_split(dataset, [len(dataset) - count, count], generator=generator)

    return parts(train_transform)[0], parts(valid_transform)[1]


@right("07.9")
def shuffles_a_list(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    chosen = random.Random(seed).sample(range(len(train)), count)
    rest = [i for i in range(len(train)) if i not in chosen]
    return Subset(train, rest), [valid[i] for i in sorted(chosen)]


@right("07.9")
def with_one_split(make_dataset, count, train_transform, valid_transform, seed):
    train = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    valid, rest = random_split(range(len(train)), [count, len(train) - count], generator=generator)
    return Subset(train, list(rest)), Subset(make_dataset(valid_transform), list(valid))


@right("07.10")
def in_a_dictionary(image, mask, transform):
    together = {"image": tv_tensors.Image(image), "mask": tv_tensors.Mask(mask)}
    together = transform(together)
    return together["image"].as_subclass(torch.Tensor), together["mask"].data


@right("07.11")
class WithFunctions(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(256, 10)
        self.second = nn.Conv2d(8, 16, 5)
        self.first = nn.Conv2d(1, 8, 5)

    def forward(self, images):
        features = F.relu(F.max_pool2d(self.first(images), 2))
        features = F.relu(F.max_pool2d(self.second(features), 2))
        return self.last(features.flatten(start_dim=1))


@right("07.11")
class WithALazyLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 16, 5)
        self.out = nn.LazyLinear(10)

    def forward(self, x):
        for convolution in (self.conv1, self.conv2):
            x = F.max_pool2d(convolution(x).relu(), 2)
        return self.out(x.reshape(len(x), -1))


@right("07.12")
def by_the_loss(logits, labels, count):
    losses = F.cross_entropy(logits, labels, reduction="none")
    losses[logits.argmax(1) == labels] = -1
    order = losses.argsort(descending=True)
    return order[losses[order] >= 0][:count]


@right("07.12")
def with_topk(logits, labels, count):
    probabilities = torch.softmax(logits, dim=1)
    wrong = probabilities.argmax(dim=1) != labels
    of_true_class = probabilities[torch.arange(len(labels)), labels]
    of_true_class[~wrong] = 2.0
    return of_true_class.topk(min(count, int(wrong.sum())), largest=False).indices


@right("07.12")
def with_sorted(logits, labels, count):
    logs = logits.log_softmax(1)
    wrong = [i for i in range(len(labels)) if logits[i].argmax() != labels[i]]
    wrong.sort(key=lambda i: logs[i, labels[i]].item())
    return torch.tensor(wrong[:count], dtype=torch.int64)

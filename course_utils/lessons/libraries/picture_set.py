"""Put an Albumentations pipeline between arrays and a network. Where a picture is mirrored, its
mask is mirrored, too; where it is made darker, the mask keeps its classes.

```
pictures[i]   uint8, (height, width, 3), 0 to 255   ->   float32, (3, height, width), 0 to 1
masks[i]      uint8, (height, width)                ->   int64, (height, width)
```
"""

import albumentations as A
import numpy
import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.pictures import byte_array
from course_utils.observation import attempt

exercise = Exercise(
    "12.1",
    "A dataset with a pipeline",
    minutes=15,
    difficulty=2,
    hints=[
        "The pipeline works on arrays, the network on tensors. Which comes first?",
        "One call of a pipeline is one draw. Which names does it take, and where are its results?",
        "The channels move to the front, and nothing else changes its order. What happens to the "
        "class 2 of a mask, if you treat it as a brightness?",
    ],
)


@exercise.reference
class PictureSet(Dataset):
    """Pictures with masks, sent through an Albumentations pipeline.

    pictures: a list of uint8 arrays of shape (height, width, 3). masks: as many uint8 arrays
    (height, width), the class of each pixel. Some run backwards, as `x[:, ::-1]` does.
    transform: an `A.Compose` from arrays to arrays of bytes, or None: nothing is changed.
    dataset[i] is a tuple of two tensors, drawn anew each time: the picture, float32 of shape
    (3, height, width), from 0 to 1; the mask, int64 of shape (height, width).
    """

    def __init__(self, pictures, masks, transform):
        self.pictures, self.masks, self.transform = pictures, masks, transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        picture, mask = self.pictures[i], self.masks[i]
        if self.transform is not None:
            out = self.transform(image=picture, mask=mask)
            picture, mask = out["image"], out["mask"]
        x = torch.tensor(picture.copy()).permute(2, 0, 1)  # (3, height, width)
        return x / 255, torch.tensor(mask.copy()).long()


@exercise.cases
def _(rng):
    def pictures(*sizes):
        return [byte_array(rng, *size, 3) for size in sizes]

    def masks(*sizes):
        return [byte_array(rng, *size, high=3) for size in sizes]

    sizes = (2, 3), (3, 2)
    yield [numpy.array([[[0, 51, 255], [102, 0, 204]]], "uint8")], masks((1, 2)), None
    yield [numpy.array([[[0, 1, 1], [1, 0, 1]]], "uint8")], masks((1, 2)), None  # nearly black
    yield pictures((2, 3)), masks((2, 3)), A.Compose([A.HorizontalFlip(p=1)])
    darker = A.Compose([A.VerticalFlip(p=1), A.InvertImg(p=1)])
    yield pictures(*sizes), masks(*sizes), darker
    yield pictures((4, 3)), masks((4, 3)), A.Compose([A.Crop(0, 1, 2, 4)])
    backwards = [picture[:, ::-1] for picture in pictures(*sizes)]
    yield backwards, [mask[::-1] for mask in masks(*sizes)], None
    for _ in range(2):
        steps = [A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5), A.InvertImg(p=0.5)]
        pipeline = A.Compose(steps, seed=rng.randint(0, 999))
        yield pictures(*sizes), masks(*sizes), pipeline


@exercise.observe
def _(answer, pictures, masks, transform):
    dataset = answer(pictures, masks, transform)
    size = attempt(lambda: len(dataset))
    if isinstance(size, dict):
        return {"len(dataset)": size}
    samples = [attempt(lambda i=i: dataset[i]) for i in range(len(pictures))]
    facts = {"len(dataset)": size, "type of a sample": type(samples[0]).__name__}
    if not all(isinstance(one, (tuple, list)) and len(one) == 2 for one in samples):
        return {**facts, "dataset[0]": samples[0]}
    again = [attempt(lambda: tuple(dataset[0])) for _ in range(5)]
    return {
        **facts,
        "pictures, one by one": [picture for picture, _ in samples],
        "masks, one by one": [mask for _, mask in samples],
        "dataset[0], five times more": again,
    }


class Taken(Dataset):
    """What the wrong answers below change in one place."""

    def __init__(self, pictures, masks, transform):
        self.pictures, self.masks, self.transform = pictures, masks, transform

    def __len__(self):
        return len(self.pictures)

    def transformed(self, i):
        if self.transform is None:
            return self.pictures[i], self.masks[i]
        out = self.transform(image=self.pictures[i], mask=self.masks[i])
        return out["image"], out["mask"]

    def channels_first(self, picture):
        return torch.tensor(picture.copy()).permute(2, 0, 1) / 255

    def classes(self, mask):
        return torch.tensor(mask.copy()).long()

    def __getitem__(self, i):
        picture, mask = self.transformed(i)
        return self.channels_first(picture), self.classes(mask)


@exercise.mistake(
    "The picture and its mask were drawn apart: where one was mirrored, the other sometimes was "
    "not. How many draws are two calls?"
)
class TwoCalls(Dataset):
    def __init__(self, pictures, masks, transform):
        self.pictures, self.masks, self.transform = pictures, masks, transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        picture, mask = self.pictures[i], self.masks[i]
        if self.transform is not None:
            picture = self.transform(image=picture)["image"]
            mask = self.transform(image=picture, mask=mask)["mask"]
        x = torch.tensor(picture.copy()).permute(2, 0, 1)  # (3, height, width)
        return x / 255, torch.tensor(mask.copy()).long()


@exercise.mistake(
    "Your mask goes through the pipeline as a second picture: it gets draws of its own, and "
    "what makes a picture darker changes its classes."
)
class MaskAsASecondPicture(Taken):
    def transformed(self, i):
        if self.transform is None:
            return self.pictures[i], self.masks[i]
        picture = self.transform(image=self.pictures[i])["image"]
        return picture, self.transform(image=self.masks[i])["image"]


@exercise.mistake(
    "The picture went through the pipeline, and the mask stayed behind: it does not fit any more."
)
class MaskStaysBehind(Taken):
    def transformed(self, i):
        picture, _ = super().transformed(i)
        return picture, self.masks[i]


@exercise.mistake(
    "The channels of your picture come last, as in an array. A network of torch wants them first."
)
class ChannelsLast(Taken):
    def channels_first(self, picture):
        return torch.tensor(picture.copy()) / 255


@exercise.mistake(
    "The shape is right, and the pixels are mixed up: the numbers were only counted off anew. An "
    "axis is moved by something else."
)
class Reshaped(Taken):
    def channels_first(self, picture):
        height, width, _ = picture.shape
        return torch.tensor(picture.copy()).reshape(3, height, width) / 255


@exercise.mistake(
    "Your picture lies on its side: the width comes before the height. Where does each axis stand?"
)
class WidthBeforeHeight(Taken):
    def channels_first(self, picture):
        return torch.tensor(picture.copy()).permute(2, 1, 0) / 255


@exercise.mistake(
    "Your pictures go up to 255. Turning an array into a tensor changes no number, and neither "
    "does `.float()`, nor `ToTensorV2`."
)
class NotScaled(Taken):
    def channels_first(self, picture):
        return A.ToTensorV2()(image=picture)["image"].float()


@exercise.mistake(
    "Your pictures are still bytes, from 0 to 255. A network wants floats from 0 to 1."
)
class StillBytes(Taken):
    def channels_first(self, picture):
        return torch.tensor(picture.copy()).permute(2, 0, 1)


@exercise.mistake("Your pictures are nearly black: they were divided by 255 twice.")
class ScaledTwice(Taken):
    def channels_first(self, picture):
        return v2.functional.to_image(picture.copy()).float() / 255 / 255


@exercise.mistake(
    "Your pictures are float64: NumPy divides in it. The weights of a network are float32."
)
class InDoublePrecision(Taken):
    def channels_first(self, picture):
        return torch.tensor((picture / 255).transpose(2, 0, 1))


@exercise.mistake("The numbers in a mask are names of classes. Yours were treated like brightness.")
class MaskAsBrightness(Taken):
    def classes(self, mask):
        return torch.tensor(mask.copy()) / 255


@exercise.mistake(same_as=MaskAsBrightness)
class MaskAsBrightnessAndLong(Taken):
    def classes(self, mask):
        return (torch.tensor(mask.copy()) / 255).long()


@exercise.mistake(
    "Your mask has another dtype than int64. A loss for a class in each pixel takes no other."
)
class MaskOfBytes(Taken):
    def classes(self, mask):
        return torch.tensor(mask.copy())


@exercise.mistake(same_as=MaskOfBytes)
class MaskOfFloats(Taken):
    def classes(self, mask):
        return torch.tensor(mask.copy()).float()


@exercise.mistake("Your mask has got a dimension of channels. One number a pixel needs none.")
class MaskWithAChannel(Taken):
    def classes(self, mask):
        return torch.tensor(mask.copy()).long()[None]


@exercise.mistake(
    "Each sample was drawn once and for all. A random pipeline gives something new each time it "
    "is called: how often is it called for one sample of yours?"
)
class DrawnInInit(Taken):
    def __init__(self, pictures, masks, transform):
        super().__init__(pictures, masks, transform)
        self.samples = [super(DrawnInInit, self).__getitem__(i) for i in range(len(pictures))]

    def __getitem__(self, i):
        return self.samples[i]


@exercise.mistake("Without a pipeline, your dataset calls None.")
class AlwaysAPipeline(Taken):
    def transformed(self, i):
        out = self.transform(image=self.pictures[i], mask=self.masks[i])
        return out["image"], out["mask"]


@exercise.mistake(
    "The axes were moved before the pipeline, not after it. It takes the second axis for the "
    "width, whatever you meant it to be."
)
class MovedBeforeThePipeline(Taken):
    def __getitem__(self, i):
        picture = self.pictures[i].transpose(2, 0, 1)
        if self.transform is None:
            return torch.tensor(picture.copy()) / 255, self.classes(self.masks[i])
        mask = self.transform(image=self.pictures[i], mask=self.masks[i])["mask"]
        moved = self.transform(image=numpy.ascontiguousarray(picture))["image"]
        return torch.tensor(moved.copy()) / 255, self.classes(mask)


@exercise.mistake(
    "An array may run backwards through its memory, and a tensor cannot: torch raises an error "
    "when it is to make a tensor of such an array as it is."
)
class SharesTheMemory(Taken):
    def __getitem__(self, i):
        picture, mask = self.transformed(i)
        x = torch.from_numpy(picture).permute(2, 0, 1)
        return x / 255, torch.from_numpy(mask).long()


@exercise.mistake(
    "A sample is a tuple here: first the picture, then the mask. Yours is something else."
)
class GivesADictionary(Taken):
    def __getitem__(self, i):
        picture, mask = super().__getitem__(i)
        return {"image": picture, "mask": mask}


@exercise.mistake(same_as=GivesADictionary)
class GivesAList(Taken):
    def __getitem__(self, i):
        return list(super().__getitem__(i))


@exercise.right
class WithNumPy(Dataset):
    def __init__(self, pictures, masks, transform=None):
        self.pairs = list(zip(pictures, masks))
        self.transform = transform or A.Compose([A.NoOp()])

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        picture, mask = self.pairs[i]
        out = self.transform(image=picture, mask=mask)
        x = numpy.moveaxis(out["image"], -1, 0).astype(numpy.float32) / 255
        return torch.tensor(x.copy()), torch.tensor(out["mask"].astype(numpy.int64))


@exercise.right
class WithV2(Dataset):
    def __init__(self, pictures, masks, transform):
        self.pictures = pictures
        self.masks = masks
        self.transform = transform

    def __len__(self):
        return len(self.masks)

    def __getitem__(self, i):
        sample = {"image": self.pictures[i], "mask": self.masks[i]}
        if self.transform:
            sample = self.transform(**sample)
        picture = torch.as_tensor(numpy.ascontiguousarray(sample["image"])).permute(2, 0, 1)
        mask = torch.as_tensor(numpy.ascontiguousarray(sample["mask"]), dtype=torch.long)
        return v2.functional.to_dtype(picture, torch.float32, scale=True), mask


@exercise.right
class WithToTensorV2(Dataset):
    def __init__(self, pictures, masks, transform):
        steps = [A.ToFloat(255), A.ToTensorV2()]
        self.pictures, self.masks, self.transform = pictures, masks, transform
        self.to_tensor = A.Compose(steps)

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        out = {"image": self.pictures[i], "mask": self.masks[i]}
        if self.transform is not None:
            out = self.transform(**out)
        out = self.to_tensor(image=out["image"], mask=out["mask"])
        return out["image"], out["mask"].to(torch.int64)


@exercise.right
class ChannelByChannel(Dataset):
    def __init__(self, pictures, masks, transform):
        self.pictures, self.masks, self.transform = pictures, masks, transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        picture, mask = self.pictures[i], self.masks[i]
        if self.transform is not None:
            picture, mask = map(self.transform(image=picture, mask=mask).get, ("image", "mask"))
        channels = [torch.tensor(picture[:, :, c].copy()) for c in range(3)]
        return torch.stack(channels).div(255), torch.tensor(mask.astype("int64"))


exercise.equivalent(
    "if self.transform is not None:",
    "if self.transform:",
    because="A pipeline is false only where it has no steps, and then it changes nothing.",
)


exercise.equivalent(
    "return (torch.tensor(x.copy()), torch.tensor(out['mask'].astype(numpy.int64)))",
    "return (torch.tensor(x), torch.tensor(out['mask'].astype(numpy.int64)))",
    because="Dividing has made a new array, which runs forwards.",
)


exercise.equivalent(
    "return (v2.functional.to_dtype(picture, torch.float32, scale=True), mask)",
    "return (v2.functional.to_dtype(picture, scale=True), mask)",
    because="float32 is the default.",
)

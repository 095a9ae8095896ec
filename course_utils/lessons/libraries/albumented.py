"""torchvision's v2 looks at the type of a thing, Albumentations at its name. Let Albumentations
steps work on a sample of v2, so that nobody behind them sees a difference:

```
tv_tensors.Image           (3, height, width)        image=   (height, width, 3)
tv_tensors.Mask            (height, width)           mask=    (height, width)
tv_tensors.BoundingBoxes   (boxes, 4), of a format   bboxes=  a list, of the pipeline's format
```
"""

import albumentations as A
import numpy
import torch
from torchvision import tv_tensors
from torchvision.ops import box_convert
from torchvision.transforms import v2

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.pictures import byte_array
from course_utils.observation import attempt

exercise = Exercise(
    "12.3",
    "A sample of v2 through Albumentations",
    minutes=20,
    difficulty=3,
    hints=[
        "What does a pipeline want, and what does it give back? Write both down for each of the "
        "three, with shapes.",
        "Two of v2's formats of boxes have a name in Albumentations as well, the third one has "
        "not. `v2.functional` converts one format into another.",
        "A BoundingBoxes has three parts: its numbers, their format, and the size of the picture "
        "that they lie in. Which of them are still true at the end?",
    ],
)


@exercise.reference
def albumented(image, mask, boxes, steps):
    """Send a sample of torchvision's v2 through Albumentations steps.

    image: a tv_tensors.Image, uint8, of shape (3, height, width). mask: a tv_tensors.Mask, uint8,
    of shape (height, width). boxes: a tv_tensors.BoundingBoxes, float32, of shape (n, 4), of the
    format XYXY, XYWH or CXCYWH; n may be 0. steps: a list of steps that cut nothing away.
    Returns (image, mask, boxes): objects of the same three classes, with the same dtypes, axes
    and format of boxes. canvas_size is that of the new image.
    """
    corners = v2.functional.convert_bounding_box_format(boxes, new_format="XYXY")
    pipeline = A.Compose(steps, bbox_params=A.BboxParams(format="pascal_voc"))
    picture = image.permute(1, 2, 0).numpy()
    out = pipeline(image=picture, mask=mask.numpy(), bboxes=corners.tolist())
    new_image = tv_tensors.Image(torch.tensor(out["image"]).permute(2, 0, 1))
    new_corners = torch.tensor(out["bboxes"]).reshape(-1, 4)  # (n, 4)
    size = out["image"].shape[:2]
    new_boxes = tv_tensors.BoundingBoxes(new_corners, format="XYXY", canvas_size=size)
    new_boxes = v2.functional.convert_bounding_box_format(new_boxes, new_format=boxes.format)
    return new_image, tv_tensors.Mask(torch.tensor(out["mask"])), new_boxes


@exercise.cases
def _(rng):
    def sample(height, width, corners, kind="XYXY"):
        image = torch.tensor(byte_array(rng, height, width, 3)).permute(2, 0, 1)  # a view
        mask = torch.tensor(byte_array(rng, height, width, high=3))
        numbers = torch.tensor(corners, dtype=torch.float32).reshape(-1, 4)
        boxes = box_convert(numbers, "xyxy", kind.lower())
        if kind == "XYWH":
            image, mask, boxes = image.contiguous(), mask.T.contiguous().T, boxes.T.contiguous().T
        boxes = tv_tensors.BoundingBoxes(boxes, format=kind, canvas_size=(height, width))
        return tv_tensors.Image(image), tv_tensors.Mask(mask), boxes

    def corners(height, width, count):
        for _ in range(count):
            x, y = rng.randint(0, width - 3), rng.randint(0, height - 3)
            yield [x, y, rng.randint(x + 1, width), rng.randint(y + 1, height)]

    flip = [A.HorizontalFlip(p=1)]
    yield *sample(2, 4, [[0, 0, 1, 2]]), flip
    yield *sample(3, 6, [[1, 0, 3, 2], [2, 1, 6, 3]], "XYWH"), flip
    yield *sample(4, 7, [[1, 0, 4, 2]], "CXCYWH"), [A.VerticalFlip(p=1), A.InvertImg(p=1)]
    yield *sample(3, 5, [[1, 0, 5, 1]]), [A.Transpose(p=1)]
    yield *sample(2, 3, [], rng.choice(["XYXY", "XYWH", "CXCYWH"])), flip
    for kind in ("XYXY", "XYWH", "CXCYWH"):
        height, width = rng.randint(4, 6), rng.randint(7, 9)
        steps = [A.Transpose(p=1), A.Resize(2 * width, 3 * height), A.HorizontalFlip(p=1)]
        yield *sample(height, width, list(corners(height, width, 2)), kind), steps


@exercise.observe
def _(answer, image, mask, boxes, steps):
    result = answer(image, mask, boxes, steps)
    if not isinstance(result, tuple) or len(result) != 3:
        return {"result": result}
    return {
        "image": plainly(result[0]),
        "mask": plainly(result[1]),
        "boxes": plainly(result[2]),
        "classes of the three": [type(one).__name__ for one in result],
        "format of the boxes": attempt(lambda: result[2].format.name),
        "canvas_size": attempt(lambda: tuple(result[2].canvas_size)),
    }


def plainly(thing):
    return thing.as_subclass(torch.Tensor) if isinstance(thing, torch.Tensor) else thing


def run(image, mask, boxes, steps, kind="pascal_voc"):
    """What the wrong answers below share: the pipeline's result for boxes of any kind."""
    params = A.BboxParams(format=kind, label_fields=["places"])
    rows, places = boxes.tolist(), list(range(len(boxes)))
    image = numpy.ascontiguousarray(image.permute(1, 2, 0).numpy())
    return A.Compose(steps, bbox_params=params)(
        image=image, mask=mask.numpy(), bboxes=rows, places=places
    )


def corners_of(boxes):
    return v2.functional.convert_bounding_box_format(boxes, new_format="XYXY")


def wrapped(out, given, kind="XYXY", size=None):
    """The three results as v2's classes. given: the boxes at first, whose format they get."""
    size = size or out["image"].shape[:2]
    numbers = torch.tensor(out["bboxes"]).reshape(-1, 4).float()
    boxes = tv_tensors.BoundingBoxes(numbers, format=kind, canvas_size=size)
    boxes = v2.functional.convert_bounding_box_format(boxes, new_format=given.format)
    image = tv_tensors.Image(torch.tensor(out["image"]).permute(2, 0, 1))
    return image, tv_tensors.Mask(torch.tensor(out["mask"])), boxes


@exercise.mistake(
    "The channels of your image stand last. That is where Albumentations wants them, and v2 has "
    "them first."
)
def channels_stay_last(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    _, new_mask, new_boxes = wrapped(out, boxes)
    return tv_tensors.Image(torch.tensor(out["image"])), new_mask, new_boxes


@exercise.mistake(
    "The pipeline was given the channels first. It took them for the height of the picture."
)
def channels_first(image, mask, boxes, steps):
    params = A.BboxParams(format="pascal_voc")
    rows = [[*row, 0] for row in corners_of(boxes).tolist()]
    out = A.Compose(steps, bbox_params=params)(image=image.numpy(), mask=mask.numpy(), bboxes=rows)
    out["bboxes"] = [row[:4] for row in out["bboxes"]]
    out["image"] = out["image"].transpose(1, 2, 0)
    return wrapped(out, boxes)


@exercise.mistake(
    "The shape is right and the pixels are mixed up: an axis is not moved by counting the numbers "
    "off anew."
)
def reshaped(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    _, new_mask, new_boxes = wrapped(out, boxes)
    height, width = out["image"].shape[:2]
    return (
        tv_tensors.Image(torch.tensor(out["image"]).reshape(3, height, width)),
        new_mask,
        new_boxes,
    )


@exercise.mistake(
    "Your boxes say the size of the old picture. The picture may have another size, or other "
    "proportions, after the steps."
)
def old_canvas(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    return wrapped(out, boxes, size=boxes.canvas_size)


@exercise.mistake("In `canvas_size` the height comes first, as in every shape here.")
def width_before_height(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    height, width = out["image"].shape[:2]
    return wrapped(out, boxes, size=(width, height))


@exercise.mistake(
    "Your boxes came back in another format than they had. Whoever comes next relies on it."
)
def another_format(image, mask, boxes, steps):
    corners = corners_of(boxes)
    return wrapped(run(image, mask, corners, steps), corners)


@exercise.mistake(
    "Your boxes say one format, and their numbers are of another one. Saying a format does not "
    "convert anything."
)
def says_the_old_format(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    return wrapped(out, boxes, kind=boxes.format)


@exercise.mistake(
    "All boxes were handed over as two corners, whatever their format said. It is a part of the "
    "object: `boxes.format`."
)
def taken_for_corners(image, mask, boxes, steps):
    return wrapped(run(image, mask, boxes, steps), boxes, kind=boxes.format)


@exercise.mistake(
    "Boxes with a centre were handed over as if they began there: CXCYWH is not what `coco` means."
)
def centre_for_a_corner(image, mask, boxes, steps):
    kind = "pascal_voc" if boxes.format.name == "XYXY" else "coco"
    return wrapped(run(image, mask, boxes, steps, kind), boxes, kind=boxes.format)


@exercise.mistake(
    "The numbers are right, and not all of the three say any more what they are. v2 looks at "
    "the class: it takes a plain tensor for an image, or leaves it as it is."
)
def plain_tensors(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    return tuple(map(plainly, wrapped(out, boxes)))


@exercise.mistake(same_as=plain_tensors)
def plain_boxes(image, mask, boxes, steps):
    new_image, new_mask, new_boxes = wrapped(run(image, mask, corners_of(boxes), steps), boxes)
    return new_image, new_mask, plainly(new_boxes)


@exercise.mistake(same_as=plain_tensors)
def plain_mask(image, mask, boxes, steps):
    new_image, new_mask, new_boxes = wrapped(run(image, mask, corners_of(boxes), steps), boxes)
    return new_image, plainly(new_mask), new_boxes


@exercise.mistake(
    "Your mask stayed as it was, and does not fit any more. All that belongs together goes through "
    "in one call."
)
def mask_stays_behind(image, mask, boxes, steps):
    new_image, _, new_boxes = wrapped(run(image, mask, corners_of(boxes), steps), boxes)
    return new_image, mask, new_boxes


@exercise.mistake("Your boxes stayed where they were, and the picture moved under them.")
def boxes_stay_behind(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    new_image, new_mask, _ = wrapped(out, boxes)
    size = out["image"].shape[:2]
    return new_image, new_mask, tv_tensors.wrap(plainly(boxes), like=boxes, canvas_size=size)


@exercise.mistake("Your image was divided by 255. Bytes came in, and bytes were to come out.")
def scaled(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    new_image, new_mask, new_boxes = wrapped(out, boxes)
    return tv_tensors.Image(new_image / 255), new_mask, new_boxes


@exercise.mistake("Your boxes are not float32, as they were before.")
def whole_numbers(image, mask, boxes, steps):
    new_image, new_mask, new_boxes = wrapped(run(image, mask, corners_of(boxes), steps), boxes)
    return new_image, new_mask, tv_tensors.wrap(plainly(new_boxes).long(), like=new_boxes)


@exercise.mistake(same_as=whole_numbers)
def double_numbers(image, mask, boxes, steps):
    new_image, new_mask, new_boxes = wrapped(run(image, mask, corners_of(boxes), steps), boxes)
    return new_image, new_mask, tv_tensors.wrap(plainly(new_boxes).double(), like=new_boxes)


@exercise.mistake(
    "Where there are no boxes, your function raises an error, or their four columns are gone."
)
def no_boxes_no_answer(image, mask, boxes, steps):
    out = run(image, mask, corners_of(boxes), steps)
    rows = torch.stack([torch.tensor(row) for row in out["bboxes"]])
    return wrapped({**out, "bboxes": rows.tolist()}, boxes)


@exercise.right
def by_their_own_names(image, mask, boxes, steps):
    given = v2.functional.convert_bounding_box_format(boxes, new_format="XYWH")
    params = A.BboxParams(format="coco")
    out = A.Compose(steps, bbox_params=params)(
        image=numpy.moveaxis(image.numpy(), 0, 2),
        mask=mask.numpy(),
        bboxes=given.numpy(),
    )
    new_image = v2.functional.to_image(out["image"])
    rows = torch.tensor(out["bboxes"], dtype=torch.float32)
    size = v2.functional.get_size(new_image)
    rows = tv_tensors.BoundingBoxes(rows, format="XYWH", canvas_size=size)
    new_boxes = v2.functional.convert_bounding_box_format(rows, new_format=boxes.format)
    return new_image, tv_tensors.Mask(out["mask"]), new_boxes


@exercise.right
def with_box_convert(image, mask, boxes, steps):
    kind = boxes.format.name.lower()
    corners = box_convert(boxes, kind, "xyxy")
    params = A.BboxParams("pascal_voc")
    arrays = {"image": image.permute(1, 2, 0).numpy(), "mask": mask.numpy()}
    out = A.Compose([*steps, A.ToTensorV2()], params)(**arrays, bboxes=corners.numpy())
    corners = torch.tensor(numpy.array(out["bboxes"], dtype="float32"))
    numbers = box_convert(corners, "xyxy", kind)
    _, height, width = out["image"].shape
    new_boxes = tv_tensors.BoundingBoxes(numbers, format=boxes.format, canvas_size=(height, width))
    return tv_tensors.Image(out["image"]), tv_tensors.Mask(out["mask"]), new_boxes


@exercise.right
def through_shares(image, mask, boxes, steps):
    height, width = boxes.canvas_size
    centres = v2.functional.convert_bounding_box_format(boxes, new_format="CXCYWH")
    shares = centres / torch.tensor([width, height, width, height])
    params = A.BboxParams("albumentations")
    shares = box_convert(shares, "cxcywh", "xyxy").tolist()
    out = A.Compose(steps, bbox_params=params)(
        image=image.permute(1, 2, 0).numpy(), mask=mask.numpy(), bboxes=shares
    )
    height, width = out["mask"].shape
    rows = torch.tensor(out["bboxes"]).reshape(-1, 4) * torch.tensor([width, height] * 2)
    numbers = box_convert(rows, "xyxy", boxes.format.name.lower())
    new_boxes = tv_tensors.wrap(numbers, like=boxes, canvas_size=(height, width))
    new_image = torch.tensor(out["image"]).movedim(-1, 0)
    return tv_tensors.Image(new_image), tv_tensors.Mask(torch.tensor(out["mask"])), new_boxes


@exercise.right
def by_cases(image, mask, boxes, steps):
    rows = []
    for a, b, c, d in boxes:
        if boxes.format.name == "CXCYWH":
            a, b = a - c / 2, b - d / 2
        rows.append([a, b, a + c, b + d] if boxes.format.name != "XYXY" else [a, b, c, d])
    params = A.BboxParams("pascal_voc")
    pipeline = A.Compose(steps, bbox_params=params)
    array = image.numpy().transpose(1, 2, 0)
    out = pipeline(image=array, mask=mask.numpy(), bboxes=rows)
    numbers = torch.empty(len(out["bboxes"]), 4)
    for number, (a, b, c, d) in zip(numbers, out["bboxes"]):
        if boxes.format.name != "XYXY":
            c, d = c - a, d - b
        if boxes.format.name == "CXCYWH":
            a, b = a + c / 2, b + d / 2
        number.copy_(torch.tensor([a, b, c, d]))
    size = out["image"].shape[:2]
    new_boxes = tv_tensors.BoundingBoxes(numbers, format=boxes.format, canvas_size=size)
    new_image = torch.tensor(out["image"].transpose(2, 0, 1))
    return tv_tensors.Image(new_image), tv_tensors.Mask(torch.tensor(out["mask"])), new_boxes


exercise.equivalent(
    "new_corners = torch.tensor(out['bboxes']).reshape(-1, 4)",
    "new_corners = torch.tensor(out['bboxes']).view(-1, 4)",
    because="The tensor has just been made, and is contiguous.",
)


exercise.equivalent(
    "rows = torch.tensor(out['bboxes']).reshape(-1, 4) * torch.tensor([width, height] * 2)",
    "rows = torch.tensor(out['bboxes']).view(-1, 4) * torch.tensor([width, height] * 2)",
    because="The tensor has just been made, and is contiguous.",
)

"""A box says where something is; its label says what it is. When the picture is cut, some boxes get
smaller and some vanish, and each label has to go with its own box. At last make tensors, as the
detectors of torchvision want them:

```
[x, y, width, height]  ->  [x_min, y_min, x_max, y_max]
```
"""

import albumentations as A
import numpy
import torch
from torchvision.ops import box_convert

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.pictures import byte_array, look_into_arrays

exercise = Exercise(
    "12.2",
    "Boxes that follow, and boxes that vanish",
    minutes=15,
    difficulty=2,
    hints=[
        "Four numbers do not say how they are meant, and a list beside them does not say that it "
        "belongs to them. Which object tells the pipeline?",
        "How much of a box must be left, is one more name of `A.BboxParams`.",
        "Look at what comes back, before you make tensors: which types do the numbers have? And "
        "which shape has a tensor of no boxes at all?",
    ],
)


@exercise.reference
def follow_boxes(image, boxes, labels, steps):
    """Send an image and its boxes through Albumentations steps.

    image: a uint8 array of shape (height, width, 3). boxes: a list of n lists [x, y, width,
    height] in pixels (COCO), all inside the image. labels: a list of n ints from 0 to 2**24.
    steps: a list of Albumentations steps, of which at most one cuts. n may be 0, before and
    afterwards.
    A box vanishes with its label when the cut leaves less than 30 % of its area.
    Returns (image, boxes, labels): the new array; a float32 tensor of shape (n, 4), where each
    row is [x_min, y_min, x_max, y_max] in pixels; an int64 tensor of shape (n,).
    """
    params = A.BboxParams(format="coco", label_fields=["labels"], min_visibility=0.3)
    pipeline = A.Compose(steps, bbox_params=params)
    out = pipeline(image=image, bboxes=boxes, labels=labels)
    corners = [[x, y, x + width, y + height] for x, y, width, height in out["bboxes"]]
    new_boxes = torch.tensor(corners, dtype=torch.float32).reshape(-1, 4)
    return out["image"], new_boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.cases
def _(rng):
    def image(height, width):
        return byte_array(rng, height, width, 3)

    yield image(4, 6), [[1, 0, 2, 3]], [7], [A.HorizontalFlip(p=1)]
    kept_and_gone = [[0, 0, 2, 2], [5, 0, 4, 4], [3, 4, 2, 4], [6, 6, 2, 3]]
    yield image(10, 10), kept_and_gone, [1, 2, 3, 4], [A.Crop(4, 0, 10, 10)]
    # Of each of these, little is left: of a large one and of a small one.
    yield image(10, 20), [[0, 0, 10, 10], [6, 2, 3, 8]], [5, 6], [A.Crop(8, 0, 20, 10)]
    yield image(3, 5), [], [], [A.VerticalFlip(p=1)]
    yield image(6, 6), [[0, 0, 2, 2]], [rng.randint(0, 9)], [A.Crop(3, 3, 6, 6)]
    yield image(4, 8), [[1, 1, 5, 2], [0, 0, 8, 4]], [3, 0], [A.Transpose(p=1), A.Resize(16, 12)]
    # Smaller because all of the picture is.
    yield image(8, 12), [[1, 1, 4, 4], [0, 0, 12, 8]], [2, 3], [A.Resize(4, 6)]
    for _ in range(3):
        height, width = rng.randint(8, 12), rng.randint(13, 16)
        boxes = [[rng.randint(0, 6), rng.randint(0, 4), 7, rng.randint(1, 4)] for _ in range(4)]
        labels = [rng.randint(0, 90) for _ in boxes]
        yield image(height, width), boxes, labels, [A.HorizontalFlip(p=1), A.Crop(4, 1, 13, 8)]


@exercise.observe
def _(answer, image, boxes, labels, steps):
    result = answer(image, boxes, labels, steps)
    if not isinstance(result, tuple) or len(result) != 3:
        return {"result": result}
    return dict(zip(("image", "boxes", "labels"), map(look_into_arrays, result)))


def run(image, boxes, labels, steps, visible=0.3, kind="coco"):
    """What the wrong answers below share: the pipeline's result."""
    params = A.BboxParams(format=kind, label_fields=["labels"], min_visibility=visible)
    return A.Compose(steps, bbox_params=params)(image=image, bboxes=boxes, labels=labels)


def corners(boxes):
    return [[x, y, x + width, y + height] for x, y, width, height in boxes]


def tensors(out):
    boxes = torch.tensor(corners(out["bboxes"]), dtype=torch.float32).reshape(-1, 4)
    return out["image"], boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(
    "The last two numbers of a box are its width and height. The pipeline took them for a corner: "
    "four numbers do not say how they are meant."
)
def taken_for_corners(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps, kind="pascal_voc")
    new_boxes = torch.tensor(out["bboxes"], dtype=torch.float32).reshape(-1, 4)
    return out["image"], new_boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(
    "Your boxes still hold a width and a height where the second corner was asked for."
)
def still_widths(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    new_boxes = torch.tensor(out["bboxes"], dtype=torch.float32).reshape(-1, 4)
    return out["image"], new_boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(
    "More labels than boxes came back: a box has vanished, and its label has not. How does the "
    "pipeline know that two lists belong together?"
)
def labels_left_out(image, boxes, labels, steps):
    out = A.Compose(steps, bbox_params=A.BboxParams("coco", min_visibility=0.3))(
        image=image, bboxes=boxes
    )
    return tensors({**out, "labels": labels})


@exercise.mistake(same_as=labels_left_out)
def labels_under_another_name(image, boxes, labels, steps):
    out = A.Compose(steps, bbox_params=A.BboxParams("coco"))(
        image=image, bboxes=boxes, labels=labels
    )
    return tensors(out)


@exercise.mistake(
    "There are as many labels as boxes, and some of them are those of boxes that have gone. It is "
    "not always the last box that vanishes."
)
def labels_cut_off(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    return tensors({**out, "labels": labels[: len(out["bboxes"])]})


@exercise.mistake(
    "A box is still there of which only a narrow strip is left. How much has to be left of it?"
)
def strips_stay(image, boxes, labels, steps):
    return tensors(run(image, boxes, labels, steps, visible=0.0))


@exercise.mistake(
    "A box has vanished that should be there. It may lose a part of its area: up to how much?"
)
def only_whole_ones(image, boxes, labels, steps):
    return tensors(run(image, boxes, labels, steps, visible=0.99))


@exercise.mistake(same_as=only_whole_ones)
def at_least_seven_tenths(image, boxes, labels, steps):
    return tensors(run(image, boxes, labels, steps, visible=0.7))


@exercise.mistake(
    "Where no box is left, your tensor of boxes has the shape (0,), and a detector wants 4 columns "
    "in any case."
)
def no_columns(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    new_boxes = torch.tensor(corners(out["bboxes"]), dtype=torch.float32)
    return out["image"], new_boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(
    "Where no box is left, your function raises an error. A picture without anything in it is an "
    "answer, too."
)
def no_boxes_no_answer(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    new_boxes = torch.tensor(out["bboxes"], dtype=torch.float32)
    new_boxes[:, 2:] += new_boxes[:, :2]
    return out["image"], new_boxes, torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(same_as=no_boxes_no_answer)
def converted_with_the_wrong_shape(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    new_boxes = torch.stack([torch.tensor(box) for box in corners(out["bboxes"])])
    return out["image"], new_boxes.float(), torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake(
    "Your labels are floats: the pipeline keeps them beside the boxes, as floats. What was asked "
    "for?"
)
def labels_as_they_come(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    return *tensors(out)[:2], torch.tensor(out["labels"])


@exercise.mistake("Your boxes are not float32. Edges may lie between two pixels.")
def whole_edges(image, boxes, labels, steps):
    new_image, new_boxes, new_labels = tensors(run(image, boxes, labels, steps))
    return new_image, new_boxes.long(), new_labels


@exercise.mistake(same_as=whole_edges)
def double_edges(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    new_boxes = torch.tensor(numpy.array(corners(out["bboxes"])).reshape(-1, 4))
    return out["image"], new_boxes.double(), torch.tensor(out["labels"], dtype=torch.int64)


@exercise.mistake("Your boxes are shares of the image, from 0 to 1. Pixels were asked for.")
def shares_of_the_image(image, boxes, labels, steps):
    new_image, new_boxes, new_labels = tensors(run(image, boxes, labels, steps))
    height, width = new_image.shape[:2]
    return new_image, new_boxes / torch.tensor([width, height, width, height]), new_labels


@exercise.mistake(
    "In your boxes y stands before x. An array is indexed by row and column; a box is not."
)
def rows_first(image, boxes, labels, steps):
    new_image, new_boxes, new_labels = tensors(run(image, boxes, labels, steps))
    return new_image, new_boxes[:, [1, 0, 3, 2]], new_labels


@exercise.mistake(
    "The boxes have moved, and the image that came back is the old one. They belong together."
)
def the_old_image(image, boxes, labels, steps):
    return image, *tensors(run(image, boxes, labels, steps))[1:]


@exercise.mistake("Image, boxes, labels: three things were asked for, in this order.")
def the_dictionary(image, boxes, labels, steps):
    out = run(image, boxes, labels, steps)
    return dict(zip(("image", "boxes", "labels"), tensors(out), strict=True))


@exercise.right
def corners_before(image, boxes, labels, steps):
    before = [[x, y, x + w, y + h] for x, y, w, h in boxes]
    params = A.BboxParams("pascal_voc", label_fields=["kinds"], min_visibility=0.3)
    out = A.Compose(steps, bbox_params=params)(image=image, bboxes=before, kinds=labels)
    after = numpy.array(out["bboxes"], dtype=numpy.float32).reshape(-1, 4)
    kinds = numpy.array(out["kinds"]).astype(numpy.int64)
    return out["image"], torch.from_numpy(after), torch.from_numpy(kinds)


@exercise.right
def places_in_the_list(image, boxes, labels, steps):
    params = A.BboxParams("coco", label_fields=["places"], min_visibility=0.3)
    pipeline = A.Compose(steps, bbox_params=params)
    out = pipeline(image=image, bboxes=boxes, places=list(range(len(boxes))))
    new_boxes = torch.zeros(len(out["bboxes"]), 4)
    for row, (x, y, width, height) in zip(new_boxes, out["bboxes"]):
        row.copy_(torch.tensor([x, y, x + width, y + height]))
    kept = [labels[int(place)] for place in out["places"]]
    return out["image"], new_boxes, torch.tensor(kept, dtype=torch.long)


@exercise.right
def label_behind_the_box(image, boxes, labels, steps):
    longer = [[*box, label] for box, label in zip(boxes, labels)]
    params = A.BboxParams("coco", min_visibility=0.3)
    out = A.Compose(steps, bbox_params=params)(image=image, bboxes=longer)
    table = torch.tensor(out["bboxes"], dtype=torch.float32).reshape(-1, 5)
    new_boxes = torch.cat([table[:, :2], table[:, :2] + table[:, 2:4]], dim=1)
    return out["image"], new_boxes, table[:, 4].round().long()


@exercise.right
def converted_by_torchvision(image, boxes, labels, steps):
    params = A.BboxParams(format="coco", label_fields=["labels"], min_visibility=0.3)
    out = A.Compose(steps, params)(image=image, bboxes=boxes, labels=labels)
    new_boxes = torch.tensor(out["bboxes"]).reshape(-1, 4).to(torch.float32)
    new_boxes = box_convert(new_boxes, "xywh", "xyxy")
    return out["image"], new_boxes, torch.tensor(out["labels"]).long()


exercise.equivalent(
    "new_boxes = torch.tensor(corners, dtype=torch.float32).reshape(-1, 4)",
    "new_boxes = torch.tensor(corners, dtype=torch.float32).view(-1, 4)",
    because="The tensor has just been made, and is contiguous.",
)


exercise.equivalent(
    "new_boxes = torch.tensor(corners, dtype=torch.float32).reshape(-1, 4)",
    "new_boxes = torch.tensor(corners).reshape(-1, 4)",
    because="The numbers are Python floats, or there are none: float32 is the default.",
)


exercise.equivalent(
    "after = numpy.array(out['bboxes'], dtype=numpy.float32).reshape(-1, 4)",
    "after = numpy.array(out['bboxes'], dtype=numpy.float32).reshape(-2, 4)",
    because="NumPy takes any negative number for the size that is left over.",
)


exercise.equivalent(
    "out = pipeline(image=image, bboxes=boxes, places=list(range(len(boxes))))",
    "out = pipeline(image=image, bboxes=boxes, places=range(len(boxes)))",
    because="A pipeline takes any sequence.",
)


exercise.equivalent(
    "new_boxes = torch.zeros(len(out['bboxes']), 4)",
    "new_boxes = torch.ones(len(out['bboxes']), 4)",
    because="Each row is overwritten.",
)


exercise.equivalent(
    "table = torch.tensor(out['bboxes'], dtype=torch.float32).reshape(-1, 5)",
    "table = torch.tensor(out['bboxes'], dtype=torch.float32).view(-1, 5)",
    because="The tensor has just been made, and is contiguous.",
)


exercise.equivalent(
    "table = torch.tensor(out['bboxes'], dtype=torch.float32).reshape(-1, 5)",
    "table = torch.tensor(out['bboxes']).reshape(-1, 5)",
    because="The numbers are Python floats, or there are none: float32 is the default.",
)


exercise.equivalent(
    "return (out['image'], new_boxes, table[:, 4].round().long())",
    "return (out['image'], new_boxes, table[:, 4].long())",
    because="The labels are small whole numbers, exact in float32.",
)


exercise.equivalent(
    "return (out['image'], new_boxes, table[:, 4].round().long())",
    "return (out['image'], new_boxes, table[:, 4].round_().long())",
    because="The table belongs to this function, and its column is not read again.",
)


exercise.equivalent(
    "new_boxes = torch.tensor(out['bboxes']).reshape(-1, 4).to(torch.float32)",
    "new_boxes = torch.tensor(out['bboxes']).reshape(-1, 4).to()",
    "new_boxes = torch.tensor(out['bboxes']).reshape(-1, 4)",
    because="The numbers are Python floats, or there are none: float32 is the default.",
)


exercise.equivalent(
    "new_boxes = torch.tensor(out['bboxes']).reshape(-1, 4).to(torch.float32)",
    "new_boxes = torch.tensor(out['bboxes']).view(-1, 4).to(torch.float32)",
    because="The tensor has just been made, and is contiguous.",
)

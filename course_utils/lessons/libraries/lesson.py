# %% [markdown]
# Skeleton: sections, and what each one teaches (P and X: what stands here is taught).
#
# ## Before anything is imported
# What the first cell sets so that nothing phones out; what "offline" costs; one table: library,
# its object, what it becomes (Dataset, collate_fn, Module).
#
# ## Albumentations: arrays in, arrays out
# (H, W, C) uint8 arrays; named arguments, a dict back; positional call and PIL image are refused;
# `Resize(height, width)`; `Normalize` (max_pixel_value, ImageNet's numbers by default) and
# `ToTensorV2` (transposes, does not divide); a Dataset that holds an `A.Compose`; grey pictures.
#
# ## Masks that follow
# One call, one draw for `image=` and `mask=`; two calls, two draws; masks keep their labels
# (nearest), `Normalize` leaves them; `additional_targets`; masks of shape (H, W) and ToTensorV2.
#
# ## Boxes that follow, and boxes that vanish
# `BboxParams(format="pascal_voc" | "coco" | "yolo", label_fields=[...])`: x before y, rows before
# columns in arrays; a crop drops boxes and the labels named in `label_fields`; a label list that is
# not named keeps its length; `min_visibility`, `clip`; no box left: shape (0, 4).
#
# ## The same effect in torchvision's v2
# `tv_tensors.Image / Mask / BoundingBoxes`; v2 keeps boxes of no area, `SanitizeBoundingBoxes`
# takes them out; conventions side by side (figure).
#
# ## Seeds, workers, replay
# Albumentations draws from generators of its own: `torch.manual_seed` changes nothing;
# `A.Compose(..., seed=)`, `set_random_seed`; a worker gets a copy; a seed for each sample and
# epoch; `A.ReplayCompose`.
#
# ## Rows from local files: `datasets`
# `load_dataset("csv", data_files=...)`, `Dataset.from_dict`; a row is a dict, a slice is a dict of
# lists, a column; `map` and `filter` give a new dataset; `batched=True`: a dict of lists in, lists
# out, other number of rows with `remove_columns`; memory mapping, fingerprints and the cache;
# augmentation in `map` is frozen, `with_transform` is not.
#
# ## From rows to tensors
# `with_format("torch")` / `set_format`: int64, float32, texts stay, ragged columns are lists of
# tensors; a DataLoader takes it as it is; `to_iterable_dataset`, streaming: no len, shuffle buffer.
#
# ## A tokenizer trained on the course's news
# `tokenizers`: WordPiece, trainer, special tokens; pieces `##`; what is unknown; the template
# `[CLS] a [SEP] b [SEP]`; `PreTrainedTokenizerFast`: which token pads; pairs and type ids;
# truncation; decode.
#
# ## A collator is a collate_fn
# `DataCollatorWithPadding` beside the collate_fn of 08: `label` becomes `labels`, attention mask,
# `pad_to_multiple_of`; it pads no lists of labels (-100: `DataCollatorForTokenClassification`).
#
# ## A small transformer
# `BertConfig`, a model made from it; ModelOutput: by name, `[0]`, None is left out; shapes;
# attention mask: alone and in a batch; figure: batch through tokenizer, collator, model; mean of
# the last hidden states over real tokens.
#
# ## Labels and loss
# The loss by hand: cross-entropy; one label: MSE; -100; a causal model shifts by itself; the
# attention mask does not reach the loss.
#
# ## The loop of lesson 10 around it
# `model(**batch).loss`; modes; accuracy. What `Trainer` does in terms of the five steps (table).
#
# ## A folder for a model
# `save_pretrained`, `from_pretrained` of a folder: config.json, model.safetensors, tokenizer; eval
# mode after loading; missing, unexpected, mismatched keys (`output_loading_info`,
# `ignore_mismatched_sizes`): a head that is new and random; a name that is no folder, offline.
#
# ## safetensors and pickle
# Loading a pickle runs code; `weights_only`; `save_file`: tensors only, contiguous, none that
# shares storage; tied weights: `save_model`, `save_pretrained`.
#
# ## A backbone with a new head
# Freeze the backbone, optimizer with the head's parameters only; frozen BatchNorm goes on
# counting, Dropout goes on dropping in train mode: `backbone.eval()`, `train()` overridden.
#
# ## Summary
#
# ## What people get wrong
#
# ## Further reading

"""The sentence of every reason for a verdict, by the reason's key."""

from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.outdone import OUTDONE_HERE
from earlysieve.auditing.rule import ALTERED, FOLLOWS_HERE, OF_KIND, PERHAPS, WORD

REASONS = {
    "one class": "The model gives the same class for every example.",
    "chance": (
        "The model does no better than always giving the most frequent class: check that it fits "
        "this data, and that these are its weights and not those of other data."
    ),
    "outdone": OUTDONE_HERE,
    "copes only here": (
        "Answers follow the part when it is swapped, and yet most examples that lack it are read "
        "right: so it looks on data that a model has memorised, and where the part carries "
        "something of the task along. Audit data that it was not trained on; if it has not seen "
        "these, say so (seen_in_training=False, --unseen)."
    ),
    "layers alone": (
        "The model errs where an early layer misleads. Nothing but layers was looked at, so that "
        "nothing could tell whether these labels can be read from something else: a shortcut and "
        "wrong labels look the same here."
    ),
    "task": (
        "What the model errs on are examples that contradict a property which it hardly ever "
        "overrules, and nothing else in them speaks for the label more often than not: it may be "
        "the task, and the labels wrong."
    ),
    "told as well": (
        "What the model errs on are examples that look to it, and to a reader that sees little, "
        "like another class, and nothing else that was looked at tells which of them are labelled "
        "wrongly and in which something simple misleads. These data alone cannot tell."
    ),
    "hardly more": (
        "A reader that sees little does nearly as well as the model, and the model's errors gather "
        "where it is misled, though answers follow what it sees when that is swapped, or other "
        "readers mostly tell the label there. So it is where a model goes by something simple, and "
        "where its task is hardly more than that."
    ),
    "hardly better": (
        "The model does hardly better than guessing: of what it goes by nothing can be told. Check "
        "that it fits this data."
    ),
    "together": (
        "The model errs where two columns together mislead, although others there tell the label. "
        "So it is where a model relies on the two, and where the task is about them and the others."
    ),
    "hardly told": (
        "The model errs where two columns together mislead; others there tell the label about as "
        "often as the answer. So it is where a model relies on the two, and where they are a part "
        "of the task."
    ),
    "background": (
        "What the corners of the images look like tells the label, and where it misleads the model "
        "errs more often. Given all but the middle of an image of another class, answers follow "
        "that. So it is where a model goes by the background, and where that is the task, as of "
        "scenes."
    ),
    "size": (
        "How large what stands out is tells the label, and where that misleads the model errs more "
        "often. Made as large as is usual for another class, images are taken for that class. So "
        "it is where a model goes by the size, and where that is the task."
    ),
    "vignette": (
        "How dark the corners are against the middle tells the label, and where it misleads the "
        "model errs more often. Given the light of an image of another class, darker or lighter "
        "outwards, answers follow that. So it is where a model goes by a lens or a lamp, and where "
        "that is the task."
    ),
    ALTERED: (
        "Images of one class look altered so more often than others. Altered in the same way, with "
        "all else left as it is, images of other classes are taken for that class."
    ),
    "few misled": (
        f"Fewer than {FEWEST_MISLED} examples surely lack it, too few to say how the model does on "
        "them."
    ),
    "irrelevant": "Answers follow it when it is swapped, and it was said not to matter.",
    "does not transfer": (
        "What early layers tell of the reference hardly tells anything of these data, and the "
        "model loses accuracy with it. How much of that loss is due to it, and how much to data "
        "that are harder, a comparison of two sets of data cannot say."
    ),
    FOLLOWS_HERE: (
        "Answers follow it when it is swapped, and what they take it for is hardly the label more "
        "often than by chance in these data, in which other things tell the label: it may well "
        "have been in training. Weights of other data, or of columns in another order, look the "
        "same: rule these out first."
    ),
    "mended here": (
        "Errors are mended when it is swapped, though answers hardly follow it otherwise, and what "
        "they take it for is hardly the label more often than by chance in these data, in which "
        "other things tell the label: it may well have been in training. Weights of other data, or "
        "of columns in another order, look the same: rule these out first."
    ),
    "values": (
        "The model errs where these values mislead, and rows that hold them for the right reason "
        "could be told without them: nothing else in these rows says less of their class."
    ),
    "few hold it wrongly": (
        f"Answers follow these values when they are swapped, and rows that hold them could be told "
        f"without; but fewer than {FEWEST_MISLED} rows hold them and are of another class, too few "
        "to say how the model does on them."
    ),
    WORD: (
        "The model errs where words of one class stand in texts of another, and answers follow "
        "these words when they are swapped; other words there do not surely tell the label. So it "
        "is where a model goes by a word, and where that word is the task."
    ),
    OF_KIND: (
        "The model errs where these words stand in texts of another class, and answers follow them "
        "when they are swapped. It does worse than a simple readout of its own layers, so that it "
        "errs elsewhere, too, and its errors hardly tell what misleads it."
    ),
    PERHAPS: (
        "The model errs where these values mislead, and answers follow them when they are swapped; "
        "nothing else in these rows says less of their class. What the model does without them "
        "these data hardly tell: so it is where it goes by them, and where they belong to the task."
    ),
    "rests": "The answer rests on it, and hardly an example here lacks it.",
}

"""The capstone on images: what a garment is, how sure that is, and doubt about what is no garment.

    from companion.capstone import clothing as project
    train, new = project.load()
    project.check(predict, estimate=0.85)

`predict(images)` gets images (n, 28, 28), uint8, and returns probabilities (n, 10). The images are those of
Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747).
"""
import numpy as np

from .. import data
from .core import Project, Unusable, numbers

CLOTHES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]

# Trained on 2,400 images, several seeds: a linear model is right on 77 to 80 % of the new images and 57 to 59 % of the
# snapshots, dense networks on 80 to 82 and 58 to 60 (with snapshots in training: 80 to 83 and 71 to 73), small
# convolutional ones on 80 to 84 and 60 to 68 (with snapshots, the mean of two: 82 to 84 and 76 to 77).
# Two that differ in their seeds are up to 0.014 apart.
RIGHT = 0.82             # all measurements are rounded to hundredths before they are compared
RIGHT_SNAPSHOTS = 0.75
# Two layers trained for too long reach a calibration error of 0.10 and 0.25, good ones 0.02 to 0.04. With 1,000 images
# luck alone makes about 0.02 of it.
CALIBRATION = 0.06
SEPARATION = 0.90       # networks that have seen garments only reach 0.7 to 0.89; those that learned to doubt, 0.92
NEAR = 0.04             # between estimate and measurement: luck makes 0.018 of it with 600 images for validation
SAME = 1e-3             # float32 gives other last digits for one image than for many
SHIFT, DARKEST, NOISE = 2, 0.6, 12.0    # pixels, factor, gray levels


def load():
    """3,000 images to learn from with their labels, and 1,000 new ones, the labels of which are held back.

    Two dicts: "images" (3000, 28, 28) uint8 with "labels" (3000,) of integers; "images" (1000, 28, 28).
    The split is that of Fashion-MNIST itself.
    """
    raw = data.load("fashion_mnist_4k")
    return {"images": raw["x_train"], "labels": raw["y_train"].astype(np.intp)}, {"images": raw["x_test"]}


def held_back():
    """The labels of the new images, for the checker."""
    return data.load("fashion_mnist_4k")["y_test"].astype(np.intp)


# ---- What learners may use, too

def snapshots(images, rng):
    """Images (n, 28, 28) as a customer takes them: moved by up to 2 pixels, darker, with noise. uint8.

    Every image is moved by -2 to 2 pixels in both directions (black comes in), multiplied by 0.6 to 1, and gets
    noise of standard deviation 12. rng: a numpy.random.Generator.
    """
    n, height, width = np.shape(images)
    padded = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    top, left = rng.integers(2 * SHIFT + 1, size=(2, n, 1, 1))
    moved = padded[np.arange(n)[:, None, None], top + np.arange(height)[:, None], left + np.arange(width)]
    taken = moved * rng.uniform(DARKEST, 1, (n, 1, 1)) + NOISE * rng.normal(size=moved.shape)
    return taken.round().clip(0, 255).astype(np.uint8)


def calibration_error(probabilities, labels, bins=10):
    """How far the confidence is from the share of right answers, on average over all images: 0 to 1.

    probabilities (n, classes), labels (n,). The confidence is the largest probability of an image. Images are sorted
    into bins by it, and in each bin its mean is compared with the share that is right (the expected calibration error
    of Guo et al., 2017, arXiv:1706.04599).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=confidence - right, minlength=bins)).sum() / len(labels)


def separation(garments, others):
    """In which share of all pairs a garment has a larger largest probability than a picture of another kind.

    garments (n, classes), others (m, classes). 1: always, 0.5: as chance; a tie counts half. It is the area under the
    ROC curve, by which Hendrycks and Gimpel (2017, arXiv:1610.02136) measure this.
    """
    ours, theirs = garments.max(axis=1)[:, None], others.max(axis=1)
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))


# ---- What the checker asks with

def handwriting(n=250):
    """Pictures (n, 28, 28) of handwritten digits, enlarged."""
    digits = data.load("digits")["images"][:n] * (255 / 16)
    return np.pad(np.kron(digits, np.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2))).astype(np.uint8)


def surfaces(n=250):
    """Pictures (n, 28, 28) cut out of photos of bricks, grass and gravel."""
    photos, rng = data.load("images"), np.random.default_rng(0)
    places = rng.integers(256 - 28, size=(n, 2))
    return np.stack([photos[("brick", "grass", "gravel")[i % 3]][row:row + 28, column:column + 28]
                     for i, (row, column) in enumerate(places)])


def customers():
    """The new images as customers take them: always the same ones."""
    return snapshots(load()[1]["images"], np.random.default_rng(0))


project = Project("Clothing", load)


@project.form
def probabilities_of_ten(value, inputs):
    """An array (n, 10) of probabilities."""
    n = len(inputs)
    wanted = f"Expected probabilities of shape ({n}, 10)"
    value = numbers(value, wanted)
    if value.shape != (n, 10):
        advice = " Return the probabilities, not the labels: the confidence is measured, too." \
            if value.shape == (n,) else ""
        raise Unusable(f"{wanted}; got shape {value.shape}.{advice}")
    if not np.isfinite(value).all():
        bad = np.flatnonzero(~np.isfinite(value).all(axis=1))
        raise Unusable(f"{wanted}; those of {len(bad)} of {n} images are not finite numbers, the first is image "
                       f"{bad[0]}. Where does `predict` divide by something that can be 0?")
    if value.min() < 0 or abs(value.sum(axis=1) - 1).max() > SAME:
        raise Unusable(f"{wanted}, not negative and with the sum 1 in each row; got sums from "
                       f"{value.sum(axis=1).min():.2f} to {value.sum(axis=1).max():.2f} and a smallest value of "
                       f"{value.min():.2f}. Is the softmax missing?")
    return value


def right(probabilities):
    """The share of the new images that get their label, rounded as it is shown."""
    return round(float(np.mean(probabilities.argmax(axis=1) == held_back())), 2)


@project.requirement(12, "It knows the clothes of the catalog")
def catalog(submission):
    share = right(submission(load()[1]["images"]))
    words = f"{share:.0%} of the new images are right; wanted: at least {RIGHT:.0%}."
    return share >= RIGHT, words + (
        "" if share >= RIGHT else " A linear model stays below, and a dense network hardly gets there: look at "
        "neighboring pixels together, by convolution, and train until the validation loss no longer falls.")


@project.requirement(14, "It knows them in a customer's photo")
def snapshot(submission):
    share = right(submission(customers()))
    words = f"{share:.0%} of the moved, darker, noisy images are right; wanted: at least {RIGHT_SNAPSHOTS:.0%}."
    return share >= RIGHT_SNAPSHOTS, words + (
        "" if share >= RIGHT_SNAPSHOTS else " A network knows the changes that it was trained on: give it some of "
        "its training images as `project.snapshots` makes them, new ones in each epoch.")


@project.requirement(12, "Its confidence can be taken at its word")
def calibrated(submission):
    kinds = {"catalog": load()[1]["images"], "customers": customers()}
    answers = {name: submission(images) for name, images in kinds.items()}
    errors = {name: round(float(calibration_error(answer, held_back())), 2) for name, answer in answers.items()}
    worst = max(errors, key=errors.get)
    words = f"The calibration error is at most {errors[worst]:.2f}; wanted: at most {CALIBRATION:.2f}."
    if errors[worst] <= CALIBRATION:
        return True, words
    confidence = answers[worst].max(axis=1).mean()
    side, advice = ("more", "Train for a shorter time, or with more change in the images, or divide the logits by a "
                    "temperature") if confidence > right(answers[worst]) else \
                   ("less", "Take less label smoothing or weight decay, or train longer")
    return False, (f"{words} On the images of the {worst} it claims a confidence of {confidence:.0%} and is right on "
                   f"{right(answers[worst]):.0%}, {side} than it should. {advice}, and look at the confidence on "
                   "validation images.")


@project.requirement(10, "It doubts what is no garment")
def doubt(submission):
    garments, kinds = submission(load()[1]["images"]), {"handwriting": handwriting(), "surfaces": surfaces()}
    shares = {name: separation(garments, submission(images)) for name, images in kinds.items()}
    mean = round(float(np.mean(list(shares.values()))), 2)
    parts = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    words = (f"A garment is the surer one in a share {mean:.2f} of the pairs ({parts}); wanted: at least "
             f"{SEPARATION:.2f}.")
    return mean >= SEPARATION, words + (
        "" if mean >= SEPARATION else " What was never shown to a network gets whatever comes out. Show it pictures "
        "of other things in training, with the target 1/10 for every class.")


@project.requirement(6, "A photo gets the same answer alone and in company")
def alone(submission):
    photos = np.concatenate([load()[1]["images"][:9], np.zeros((1, 28, 28), np.uint8)])
    company = submission(photos)
    single = np.concatenate([submission(photo[None]) for photo in photos])
    furthest = abs(company - single).max()
    if furthest <= SAME and abs(submission(photos[::-1])[::-1] - company).max() <= SAME:
        return True, "Ten photos, one of them black, get the same probabilities one by one, together and in reverse."
    return False, ("The probabilities of a photo depend on the others that come with it. Is a layer with batch "
                   "normalization or dropout still in training mode (`model.eval()`), or are the images scaled by "
                   f"the mean of the batch? Furthest apart: {furthest:.1g}.")


@project.requirement(6, "You knew it before")
def known(submission):
    share, estimate = right(submission(load()[1]["images"])), submission.estimate
    if estimate is None:
        return False, "Pass the share of right answers that you expect: `project.check(predict, estimate=…)`."
    met = abs(estimate - share) < NEAR + 1e-9     # 0.80 and 0.84 are near, whatever their last binary digits
    words = f"You expected {estimate:.2f}, measured were {share:.2f}; wanted: at most {NEAR} apart."
    return met, words + (
        "" if met else " Estimate it on images that neither the training nor a choice of yours has seen; it is a "
        "share, from 0 to 1.")


load, check = project.load, project.check

"""The types of a model card. `python -m benchmarks.card_types` writes this file from zoo/card.schema.json."""

from typing import Any, Literal, NotRequired, TypedDict


class Metrics(TypedDict):
    """How like real images generated ones are.

    Attributes:
        class_accuracy: Fraction of the images that the classifier takes for the class asked for; absent for a generator
            without labels.
        frechet_distance: Fréchet distance in the features of the classifier.
        kernel_distance: Unbiased squared maximum mean discrepancy with a cubic kernel; may fall below 0.
        kernel_distance_error: Standard error of the kernel distance.
        precision: Fraction of the generated images that lie among the real ones.
        recall: Fraction of the real images that lie among the generated ones.
        density: Density of the real images around the generated ones; 1 where both are distributed alike.
        coverage: Fraction of the real images with a generated one in their neighbourhood.
    """

    class_accuracy: NotRequired[float]
    frechet_distance: float
    kernel_distance: float
    kernel_distance_error: float
    precision: float
    recall: float
    density: float
    coverage: float


class Quality(Metrics):
    """Metrics of the generated images.

    Attributes:
        classifier: The classifier in whose features they are measured.
        against: The split of real images that they are compared with.
        samples: Number of generated images.
        seed: Seed of their noise.
    """

    classifier: str
    against: str
    samples: int
    seed: int


class Reliability(TypedDict):
    """Bins of equal width of the confidence, the probability of the class that is predicted, from 0 to 1.

    Attributes:
        examples: How many test examples are in each bin.
        confidence: Their mean confidence; null for a bin without examples.
        accuracy: The fraction of them that is classified right; null for a bin without examples.
    """

    examples: list[int]
    confidence: list[float | None]
    accuracy: list[float | None]


class Evaluation(TypedDict):
    """Metrics in the features of one classifier.

    Attributes:
        quality: Metrics of the generated images.
        baselines: The same metrics of as many training images, and of other generators by name.
    """

    quality: Quality
    baselines: dict[str, Metrics]


class Golden(TypedDict):
    """Outputs for the bundled samples, for the patterns of a seed, or for a made graph, which every backend must give.

    Attributes:
        images: Names of the sample images.
        audio: Names of the sample clips.
        seed: Seed of the patterns, where the data set has no bundled samples.
        nodes: Number of nodes of the made graph, of a model for nodes.
        logits: Logits of each sample.
        pixels: Grey levels of each image in hexadecimal.
    """

    images: NotRequired[list[str]]
    audio: NotRequired[list[str]]
    seed: NotRequired[int]
    nodes: NotRequired[int]
    logits: NotRequired[list[list[float]]]
    pixels: NotRequired[list[str]]


class Seeds(TypedDict):
    """Repetitions with other seeds.

    Attributes:
        accuracy: Test accuracy by seed.
        mean: Their mean.
        std: Their standard deviation, with n - 1 in the divisor.
    """

    accuracy: dict[str, float]
    mean: float
    std: float


class Calibration(TypedDict):
    """Calibration: probabilities are softmax(logits / temperature).

    Attributes:
        temperature: Fitted on the validation split; 1 where it was not fitted.
        ece: Expected calibration error on the test split before the temperature.
        ece_calibrated: The same after it.
        reliability: The bins of the reliability diagram on the test split before the temperature.
        reliability_calibrated: The same after it.
    """

    temperature: float
    ece: NotRequired[float]
    ece_calibrated: NotRequired[float]
    reliability: NotRequired[Reliability]
    reliability_calibrated: NotRequired[Reliability]


class Accuracy(TypedDict):
    """Accuracy, a fraction.

    Attributes:
        test: On the test split, which was read once.
        interval_95: 95 % interval of the test accuracy.
        test_examples: Number of test examples.
        by_class: Test accuracy of each class by its name; null for a class without test examples.
        validation: On the validation split.
    """

    test: float
    interval_95: list[float]
    test_examples: int
    by_class: dict[str, float | None]
    validation: NotRequired[float]


class Preprocessing(TypedDict):
    """How the model scales its pixels, or the decibels of its spectrogram: (x - mean) / std; 0 and 1 for nodes.

    Attributes:
        mean: Mean of each channel.
        std: Standard deviation of each channel.
    """

    mean: list[float]
    std: list[float]


class Weights(TypedDict):
    """The weights file.

    Attributes:
        file: Its name, in the folder `weights` next to that of the cards.
        sha256: Checksum of the file.
        bytes: Its size.
        dtype: Type of the numbers in it.
    """

    file: str
    sha256: str
    bytes: int
    dtype: str


class Training(TypedDict):
    """The training that made the weights; null for what was not recorded.

    Attributes:
        recipe: Every hyperparameter, as in zoo/recipes.
        teacher_sha256: Checksum of the weights of the teacher, where the recipe names one; of several, in their order.
        initial_sha256: Checksum of the weights that the training started from, where the recipe names a model.
        best_epoch: The epoch whose weights are shipped, of a training with early stopping.
        seed: Seed of weights, order and augmentation.
        epochs: Epochs that were trained.
        seconds: Wall time of the epochs.
        curve: Metrics after each epoch, by their names in Keras; null where one was not finite.
        commit: Commit of this repository, with -dirty behind it where files differed.
        machine: Devices, cores and instruction set.
        cpu: Model name of the CPU.
        onednn: Environment variables that choose TensorFlow's CPU kernels; null for one that was not set.
        backend: Keras' backend.
        versions: Versions of Python and of the packages.
    """

    recipe: dict[str, Any]
    teacher_sha256: NotRequired[str]
    initial_sha256: NotRequired[str]
    best_epoch: NotRequired[int]
    seed: int
    epochs: int
    seconds: float
    curve: NotRequired[dict[str, list[float | None]]]
    commit: str | None
    machine: str | None
    cpu: str | None
    onednn: dict[str, str | None] | None
    backend: Literal["tensorflow", "jax", "torch"]
    versions: dict[str, str | None]


class Dataset(TypedDict):
    """The data set it was trained on.

    Attributes:
        name: Name of the data set; null where it is not known.
        sha256: Checksum over examples and labels of both splits; null where it is not known.
    """

    name: str | None
    sha256: str | None


class Card(TypedDict):
    """What is known of a trained model, as `zoo.card` gives it: a `dict` that type checkers know.

    Of all cards, only those of classifiers have `accuracy`, `calibration`, `preprocessing`, `seeds`; only those of
    generators have `baselines`, `label_size`, `latent_size`, `output_shape`, `quality`, `second_evaluation`.
    The JSON's null is `None`.

    Attributes:
        card_format: Version of this schema that the card was written for; absent on older cards.
        name: Name of the model, a Python identifier.
        description: One sentence for `pinet list`.
        task: What the model does.
        dataset: The data set it was trained on.
        architecture: Function in `zoo.architectures` that builds it.
        architecture_arguments: That function's keyword arguments.
        note: What a reader should know besides the values.
        input_shape: Shape of one input: [height, width, channels] of images, [samples] of clips, [nodes, features] of a
            graph, [latent_size] of a generator.
        class_names: Names of the classes in the order of the logits or labels; empty for a generator without labels.
        tier: 1 activation-free, 2 polynomial, 3 low-depth; null where no tier holds.
        tier_name: Name of the tier.
        degree: Degree of the polynomial; null where the model is not a polynomial.
        multiplicative_depth: Multiplicative depth: a product costs one, an unbroken run of affine maps costs one; null
            where the model is not a polynomial.
        parameters: Number of parameters.
        macs: Multiply-accumulate operations for one input.
        training: The training that made the weights; null for what was not recorded.
        weights: The weights file.
        license: SPDX expression of the licence of the weights; null where none is stated.
        preprocessing: How the model scales its pixels, or the decibels of its spectrogram: (x - mean) / std; 0 and 1
            for nodes.
        accuracy: Accuracy, a fraction.
        calibration: Calibration: probabilities are softmax(logits / temperature).
        seeds: Repetitions with other seeds.
        golden: Outputs for the bundled samples, for the patterns of a seed, or for a made graph, which every backend
            must give.
        latent_size: Length of the noise.
        label_size: Length of a label's vector; 0 for a generator without labels.
        output_shape: Shape of an image: [height, width, channels].
        quality: Metrics of the generated images.
        baselines: The same metrics of as many training images, and of other generators by name.
        second_evaluation: The same in the features of a second classifier, of another kind.

    Example:
        >>> card: zoo.Card = zoo.card("pinet_digits")
        >>> card["task"], card["degree"], card["accuracy"]["test_examples"]
        ('image classification', 4, 360)
    """

    card_format: NotRequired[int]
    name: str
    description: str
    task: Literal["image classification", "audio classification", "node classification", "image generation"]
    dataset: Dataset
    architecture: str
    architecture_arguments: dict[str, bool | int | float | str | list[bool | int | float | str | None] | None]
    note: NotRequired[str]
    input_shape: list[int]
    class_names: list[str]
    tier: int | None
    tier_name: str
    degree: int | None
    multiplicative_depth: int | None
    parameters: int
    macs: int
    training: NotRequired[Training]
    weights: Weights
    license: str | None
    preprocessing: NotRequired[Preprocessing]
    accuracy: NotRequired[Accuracy]
    calibration: NotRequired[Calibration]
    seeds: NotRequired[Seeds]
    golden: NotRequired[Golden]
    latent_size: NotRequired[int]
    label_size: NotRequired[int]
    output_shape: NotRequired[list[int]]
    quality: NotRequired[Quality]
    baselines: NotRequired[dict[str, Metrics]]
    second_evaluation: NotRequired[Evaluation]

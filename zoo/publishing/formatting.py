"""Values of the cards as readable text. Imports no backend, because `pinet list` needs it."""

from zoo.card_types import Card, Metrics, Training


def printable(text: str) -> str:
    """Text in which control characters are written as their Python escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def human_count(number: int) -> str:
    """A count in three digits: 950, 13.8 k, 1.44 M."""
    rounded = float(f"{number:.3g}")
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rounded >= factor:
            return f"{rounded / factor:#.3g}".rstrip(".") + f" {unit}"
    return str(number)


def human_bytes(number: int) -> str:
    """A size in decimal units: 950 B, 13.8 kB, 2.9 MB."""
    return f"{number} B" if number < 1000 else f"{human_count(number)}B"


def human_seconds(seconds: float) -> str:
    """A time in the unit that suits it: 0.8 s, 42 s, 14 min, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def human_interval(low: float, high: float) -> str:
    """An interval of fractions, in percent: 98.9 – 99.4 %."""
    return f"{low:.1%}"[:-1] + f" – {high * 100:.1f} %"


def human_result(card: Card) -> str:
    """The main result of a model: test accuracy; of a generator, class accuracy or Fréchet distance."""
    if "accuracy" in card:
        return f"{card['accuracy']['test'] * 100:.2f} %"
    if "quality" not in card:
        return "not measured"
    if "class_accuracy" in card["quality"]:
        return f"{card['quality']['class_accuracy'] * 100:.1f} % class accuracy"
    return f"Fréchet distance {card['quality']['frechet_distance']:.3g}"


def human_task(card: Card) -> str:
    """What a model does, and on which data."""
    return f"{card['task']}, {card['dataset']['name'] or 'of data that are not recorded'}"


def human_shape(card: Card) -> str:
    """The shape of a classifier's input or a generator's output: 28×28×1."""
    return "×".join(map(str, card.get("output_shape", card["input_shape"])))


def human_tier(card: Card) -> str:
    """Tier and its name; a dash and the name where there is no tier."""
    return f"{card['tier'] or '–'} {card['tier_name']}"


def human_degree(card: Card) -> str:
    """Degree, rounded from a million on; a dash where there is none."""
    degree = card["degree"] or 0
    return human_count(degree) if degree >= 1_000_000 else str(degree or "–")


def human_size(card: Card) -> str:
    """The size of a model: parameters, MACs of one image or audio clip, bytes."""
    return (
        f"{card['parameters']:,} parameters, {human_count(card['macs'])} MACs each, "
        f"{human_bytes(card['weights']['bytes'])} as {card['weights']['dtype']}"
    )


def human_origin(card: Card) -> list[tuple[str, str]]:
    """Where a model comes from: architecture, training and licence, pairs of label and words."""
    arguments = [f"{key}={value}" for key, value in card["architecture_arguments"].items()]
    rows = [("architecture", " ".join([card["architecture"], *arguments]))]
    if "training" in card:
        training = card["training"]
        how = f"{training['epochs']} epochs in {human_seconds(training['seconds'])}, seed {training['seed']}"
        rows += [("training", how), ("trained on", human_environment(training))]
    return [*rows, ("licence", card["license"] or "not stated")]


def human_environment(training: Training) -> str:
    """Where a model was trained: backend, hardware, oneDNN setting, versions and commit."""
    unknown = "not recorded"
    onednn = (training["onednn"] or {}).items()
    settings = ", ".join(f"{name} {'not set' if value is None else value}" for name, value in onednn)
    versions = [f"{name} {found or unknown}" for name, found in training["versions"].items()]
    return (
        f"{training['backend'] or unknown}, {training['machine'] or unknown}, CPU model {training['cpu'] or unknown}, "
        f"oneDNN {settings or unknown}; {', '.join(versions)}; commit {training['commit'] or unknown}"
    )


def human_accuracy(card: Card) -> str:
    """The result of a classifier's training: test accuracy, and its spread over seeds."""
    accuracy = card["accuracy"]
    words = f"test accuracy [bold]{accuracy['test']:.2%}[/] (95 %: {human_interval(*accuracy['interval_95'])})"
    if "seeds" not in card:
        return words
    seeds = card["seeds"]
    return f"{words}, over {len(seeds['accuracy'])} seeds [bold]{seeds['mean']:.2%} ± {seeds['std']:.2%}[/],"


def human_quality(card: Card) -> str:
    """The result of a generator's training: the metrics of its images."""
    return human_metrics(card["quality"])


def human_metrics(metrics: Metrics) -> str:
    """The metrics of a set of generated images in one line."""
    accuracy = f"class accuracy [bold]{metrics['class_accuracy']:.1%}[/], " if "class_accuracy" in metrics else ""
    return (
        f"{accuracy}Fréchet distance {metrics['frechet_distance']:.3g}, "
        f"kernel distance {metrics['kernel_distance']:.3g} "
        f"± {metrics['kernel_distance_error']:.1g}, precision {metrics['precision']:.2f}, recall "
        f"{metrics['recall']:.2f}, density {metrics['density']:.2f}, coverage {metrics['coverage']:.2f}"
    )


def markdown_table(head, rows) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in lines)

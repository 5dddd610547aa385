"""The tables and the plot of docs/performance.md."""

from benchmarks.engine_worker import ENGINES
from benchmarks.page import DOCS, between
from zoo.publishing.formatting import human_bytes, human_count, markdown_table

PAGE, FOLDER = DOCS / "performance.md", DOCS / "performance"
RESULTS = FOLDER / "results.json"
TRAINING_BATCH = 64
BATCHES = ("1", "32", "256")
ALONE = {"wide_products"}  # has no peer in PyTorch


def write_page(found: dict) -> None:
    """Write the tables of what each part measured, and on which machine, and draw the plot."""
    from benchmarks.performance_findings import findings

    page = between(PAGE.read_text(encoding="utf-8"), "findings", findings(found))
    PAGE.write_text(written_from_results(page, found), encoding="utf-8")
    if "scaling" in found:
        _draw(found["scaling"]["found"])


def written_from_results(page: str, found: dict) -> str:
    """The page with its tables rewritten."""
    return between(page, "results", written(found))


def written(found: dict) -> str:
    """The tables of what was measured."""
    writers = {
        "engines": _engines_text,
        "networks": _networks_text,
        "choices": _choices_text,
        "scaling": _scaling_text,
        "replicas": _replicas_text,
        "start": _start_text,
        "all_models": _all_models_text,
        "pipeline": _pipeline_text,
        "encrypted": _encrypted_text,
    }
    done = {part: write for part, write in writers.items() if part in found}
    texts = [f"{write(found[part]['found'])}\n\n{found[part]['machine']}." for part, write in done.items()]
    return "\n\n".join(texts)


def _engines_text(found):
    """Tables of images/s, of multiples of PyTorch's speed, and of single images."""
    rates, multiples, single = [], [], []
    for name, record in found.items():
        best = {batch: max(_rates_of_torch(record, batch), default=None) for batch in BATCHES}
        for engine in (engine for engine in ENGINES if record.get(engine)):
            own = record[engine]
            fraction = f"{fraction_of_peak(record, own['32']['rate'], 1):.0%}" if "32" in own else "–"
            cells = [_spread(own[batch]["rate"]) if batch in own else "–" for batch in BATCHES]
            rates.append([name, ENGINES[engine], *cells, fraction])
            known = {batch: own[batch]["rate"][1] / best[batch] for batch in BATCHES if batch in own and best[batch]}
            cells = [f"{known[batch]:.2f}" if batch in known else "–" for batch in BATCHES]
            if name not in ALONE and not engine.startswith("torch"):
                multiples.append([name, ENGINES[engine], *cells])
            if "p50_ms" in own.get("1", {}):
                single.append([name, ENGINES[engine], f"{own['1']['p50_ms']:.2f}", f"{own['1']['p99_ms']:.2f}"])
    batches = [f"Batch {batch}" for batch in BATCHES]
    text = "### Prediction: images/s\n\n"
    text += markdown_table(["Network", "On", *batches, "Fraction of peak, batch 32"], rates)
    text += "\n\n### Prediction: multiples of the faster of PyTorch and `torch.compile`\n\n"
    text += markdown_table(["Network", "On", *batches], multiples)
    if single:
        text += "\n\n### One image: milliseconds\n\n"
        text += markdown_table(["Network", "On", "Median", "99 % within"], single)
    return text


def _rates_of_torch(record, batch):
    """Images/s in PyTorch, of one way or both."""
    ways = [record.get(engine, {}) for engine in ENGINES if engine.startswith("torch")]
    return [own[batch]["rate"][1] for own in ways if batch in own]


def _networks_text(found):
    rows, ratios = [], []
    keys = [f"{what}_{TRAINING_BATCH}" for what in ("forward", "backward", "step")]
    for name, record in found.items():
        for way in ("keras", "torch"):
            if way in record:
                own = record[way]
                fraction = f"{fraction_of_peak(record, own[keys[-1]], 3):.0%}"
                rows.append(
                    [name, way, *map(_spread, map(own.get, keys)), f"{own['training_megabytes']:.0f}", fraction]
                )
        if name not in ALONE:
            multiple = record["keras"][keys[-1]][1] / record["torch"][keys[-1]][1]
            ratios.append([name, human_count(record["macs"]), f"{multiple:.2f}", f"{record['peak_gflops']:.0f}"])
    head = ["Network", "With", "Forward", "and backward", "Training step", "Training MB", "Fraction of peak, training"]
    compared = ["Network", "MACs", "Training step", "Peak, GFLOP/s"]
    return (
        f"### Training: images/s\n\n{markdown_table(head, rows)}\n\n"
        f"### Training: Keras' speed as a multiple of PyTorch's\n\n{markdown_table(compared, ratios)}"
    )


def _spread(quartiles):
    low, middle, high = quartiles
    return f"{middle:,.0f} ± {(high - low) / 2:,.0f}"


def fraction_of_peak(record, rates, passes):
    """Of the machine's peak: `passes` times the MACs of a forward pass, two operations each.

    Args:
        record: of a network, with its MACs and the peak.
        rates: quartiles of images a second.
        passes: 1 for a prediction, 3 for a step of training.
    """
    return rates[1] * passes * 2 * record["macs"] / 1e9 / record["peak_gflops"]


def _choices_text(found):
    rows = [[name, what, *(_spread(record[way]) for way in record)] for name, what, record in found]
    ways = list(found[0][2])
    return f"### Images/s by what TensorFlow computes with\n\n{markdown_table(['Network', '', *ways], rows)}"


def _scaling_text(found):
    rows = [
        [
            name,
            f"{row['slope']:.2f}",
            f"{row['each'] * 1e3:.1f} µs",
            f"{row['r_squared']:.4f}",
            f"{row['peak_megabytes'][-1] - row['peak_megabytes'][0]:.0f} MB",
            human_count(row["parameters"][-1]),
            f"{row['explicit'][-1]:.1e}",
        ]
        for name, row in found.items()
    ]
    head = [
        "Layer, parameter",
        "Slope (log)",
        "Time for one more",
        "R²",
        "Memory, first to last",
        "Parameters",
        "Explicit",
    ]
    return (
        f"### Time against degree and rank\n\n{markdown_table(head, rows)}\n\n"
        "![Time against degree and rank](performance/scaling.png)"
    )


def _draw(found):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="tight")
    for axis, parameter in zip(figure.subplots(1, 2, sharey=True), ("degree", "rank"), strict=True):
        for layer in ("PolyDense", "PolyConv2D"):
            row = found[f"{layer}, {parameter}"]
            axis.loglog(row["values"], row["milliseconds"], marker="o", label=layer)
        axis.set_xlabel(parameter)
        axis.grid(alpha=0.3)
    figure.axes[0].set_ylabel("forward and backward, ms")
    figure.axes[0].legend()
    figure.savefig(FOLDER / "scaling.png", dpi=110)


def _replicas_text(found):
    rows = [[count, f"{rate:,.0f}"] for count, rate in found.items()]
    return f"### Virtual devices\n\n{markdown_table(['Devices', 'Images/s'], rows)}"


def _start_text(found):
    rows = [[f"`{name}`", f"{middle:.2f}", f"{low:.2f} – {high:.2f}"] for name, (low, middle, high) in found.items()]
    return f"### Seconds of a new process\n\n{markdown_table(['', 'Median', 'Quartiles'], rows)}"


def _all_models_text(found):
    names = next(iter(found.values()))["seconds"]
    rows = [[f"`{name}`", *(f"{record['seconds'][name]:.2f}" for record in found.values())] for name in names]
    rows.append(["all", *(f"{sum(record['seconds'].values()):.2f}" for record in found.values())])
    rows.append(["memory with all, MB", *(f"{record['after']:.0f}" for record in found.values())])
    rows.append(["memory with one, MB", *(f"{record['before']:.0f}" for record in found.values())])
    head = ["Model", *(f"`{engine}`" for engine in found)]
    title = "### One process with all models: seconds to load each and predict once, by engine"
    return f"{title}\n\n{markdown_table(head, rows)}"


def _pipeline_text(found):
    return (
        "### Input\n\nBatches alone, with random flips and shifts: "
        f"{found['images_per_second'][1]:,.0f} CIFAR-10 images/s, after {found['reading_seconds']:.1f} s of reading."
    )


def _encrypted_text(found):
    one = [
        [
            f"`{name}`",
            f"{row['median_seconds']:.2f} s",
            f"{row['first_seconds']:.2f} s",
            human_bytes(row["request_bytes"]),
            human_bytes(row["key_bytes"]),
            f"{row['agreement']:.2%} of {row['examples']:,}",
            f"{row['simulated']['agreement']:.2%} of {row['simulated']['examples']:,}",
            f"{row['simulated']['accuracy']:.2%}",
        ]
        for name, row in found["one"].items()
    ]
    many = [
        [
            f"`{name}`",
            _spread(row["rates"]),
            f"{row['median_seconds']:.0f} s",
            row["workers"],
            human_bytes(round(row["request_bytes"] / row["slots"])),
            f"{row['agreement']:.2%} of {row['examples']:,}",
            f"{row['accuracy']:.2%}",
        ]
        for name, row in found["many"].items()
    ]
    head = ["One image a request", f"Median of {found['repeats']}", "First", "Request", "Public keys"]
    head += ["Same decision", "Simulated", "Its accuracy"]
    rates = [
        "Many images a request",
        "Images/s",
        "A request",
        "Workers",
        "Upload an image",
        "Same decision",
        "Accuracy",
    ]
    return f"### Encrypted inference\n\n{markdown_table(head, one)}\n\n{markdown_table(rates, many)}"

"""The tables and the plot of docs/performance.md."""

from benchmarks.page import DOCS, between
from zoo.publishing.formatting import human_bytes, human_count, markdown_table

PAGE, FOLDER = DOCS / "performance.md", DOCS / "performance"
RESULTS = FOLDER / "results.json"
TRAINING_BATCH = 64
PREDICTIONS = {1: 20, 32: 4, 256: 1}  # size of the batch, and how many of them for one of the largest
ALONE = {"pinet_cifar10"}  # has no peer in PyTorch


def write_page(found: dict) -> None:
    """Write the tables of what each part measured, and on which machine, and draw the plot."""
    PAGE.write_text(written_from_results(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    if "scaling" in found:
        _draw(found["scaling"]["found"])


def written_from_results(page: str, found: dict) -> str:
    """The page with its tables rewritten."""
    writers = {
        "networks": _networks_text,
        "choices": _choices_text,
        "scaling": _scaling_text,
        "replicas": _replicas_text,
        "start": _start_text,
        "pipeline": _pipeline_text,
        "encrypted": _encrypted_text,
    }
    done = {part: write for part, write in writers.items() if part in found}
    texts = [f"{write(found[part]['found'])}\n\n{found[part]['machine']}." for part, write in done.items()]
    return between(page, "results", "\n\n".join(texts))


def _networks_text(found):
    rows, ratios = [], []
    for name, record in found.items():
        for way in ("keras", "torch"):
            if way in record:
                own = record[way]
                keys = [f"{what}_{TRAINING_BATCH}" for what in ("forward", "backward", "step")]
                cells = [_spread(own[key]) for key in [*keys, *(f"predict_{batch}" for batch in PREDICTIONS)]]
                step, predict = own[f"step_{TRAINING_BATCH}"], own["predict_32"]
                fractions = [_fraction_of_peak(record, step, 3), _fraction_of_peak(record, predict, 1)]
                megabytes = f"{own['training_megabytes']:.0f}"
                rows.append([name, way, *cells, megabytes, *(f"{each:.0%}" for each in fractions)])
        if name not in ALONE:
            ratios.append([name, human_count(record["macs"]), *_ratios(record), f"{record['peak_gflops']:.0f}"])
    batches = [f"Batch {batch}" for batch in PREDICTIONS]
    head = ["Network", "With", "Forward", "and backward", "Training step", *batches]
    head += ["Training MB", "Fraction of peak, training", "Fraction of peak, batch 32"]
    compared = ["Network", "MACs", "Training step", *batches, "Peak, GFLOP/s"]
    return (
        f"### Images/s\n\n{markdown_table(head, rows)}\n\n"
        f"### Keras' speed as a multiple of PyTorch's\n\n{markdown_table(compared, ratios)}"
    )


def _spread(quartiles):
    low, middle, high = quartiles
    return f"{middle:,.0f} ± {(high - low) / 2:,.0f}"


def _ratios(record):
    keys = [f"step_{TRAINING_BATCH}", *(f"predict_{batch}" for batch in PREDICTIONS)]
    return [f"{record['keras'][key][1] / record['torch'][key][1]:.2f}" for key in keys if "torch" in record]


def _fraction_of_peak(record, rates, passes):
    """Of the machine's peak: `passes` times the MACs of a forward pass, two operations each."""
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

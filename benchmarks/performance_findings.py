"""The findings of docs/performance.md, each sentence with a number written from what was measured."""

from benchmarks.engine_worker import ENGINES
from benchmarks.performance_page import BATCHES, TRAINING_BATCH, fraction_of_peak

ONE_IMAGE, BATCH_OF_32, NEAR_PEAK = 2.0, 1.2, 0.8  # targets, as multiples of PyTorch's speed; and of the peak
TRAINING = {"polynet": 1.3, "ncp": 1.1}
TRAINING_PEAK, R_SQUARED = 0.60, 0.98
WORTH_IT = 1.05  # what is less faster is not worth another setting
START_SECONDS = {"import zoo": 0.3, "pinet list": 0.5, "pinet predict": 0.8, "pinet predict, first": 8.0}
PEERS = ("torch", "torch_compile")
OURS = "predictor"  # what "auto" takes first
BENCH_SECONDS = 20 * 60


def findings(found: dict) -> str:
    """A list of what the parts that were measured come to."""
    parts = {part: record["found"] for part, record in found.items()}
    writers = {
        "engines": (_one_image, _batches, _fastest, _openvino),
        "networks": (_training, _peak, _memory),
        "choices": (_onednn,),
        "scaling": (_scaling,),
        "start": (_start,),
        "all_models": (_all_models,),
        "replicas": (_devices,),
    }
    points = [write(parts[part]) for part, several in writers.items() if part in parts for write in several]
    points.append(_bench({part: record["seconds"] for part, record in found.items() if "seconds" in record}))
    return "\n".join(f"- {point}" for point in points if point)


def verdict(values: dict[str, float], targets: dict[str, float], why=None) -> str:
    """Multiples by network, and which of them reach their target.

    Args:
        values: by network.
        targets: likewise.
        why: function that gives words for a network that does not reach its target.
    """
    met = [name for name, value in values.items() if value >= targets[name]]
    missed = [name for name in values if name not in met]
    words = "All reach it." if not missed else f"{_listed(met)} reach{'es' if len(met) == 1 else ''} it" if met else ""
    if not missed:
        return words
    short = _listed(
        [f"{name}, {1 - values[name] / targets[name]:.1%} short{why(name) if why else ''}" for name in missed], "; "
    )
    return f"{words}, not: {short}." if met else f"None reaches it: {short}."


def _listed(names, separator=", "):
    return separator.join(names)


def _ratios(found, batch):
    """`zoo.predictor`'s speed as a multiple of the faster of PyTorch and `torch.compile`, by network."""
    ratios = {}
    for name, record in found.items():
        best = [record[peer][batch]["rate"][1] for peer in PEERS if batch in record.get(peer, {})]
        if best and batch in record.get(OURS, {}):
            ratios[name] = record[OURS][batch]["rate"][1] / max(best)
    return ratios


def _one_image(found):
    ratios = _ratios(found, "1")
    if not ratios:
        return ""
    targets = dict.fromkeys(ratios, ONE_IMAGE)
    text = f"**One image.** `zoo.predictor` is {_multiples(ratios)} times as fast as the faster of PyTorch and "
    text += f"`torch.compile` (target: {ONE_IMAGE:g} each). "
    return text + verdict(ratios, targets, lambda name: _why(found[name], "1"))


def _batches(found):
    ratios = _ratios(found, "32")
    if not ratios:
        return ""
    high = [name for name in ratios if _torch_peak(found[name], "32") > NEAR_PEAK]
    targets = {name: 1.0 if name in high else BATCH_OF_32 for name in ratios}
    text = f"**Batches of 32.** `zoo.predictor` is {_multiples(ratios)} times as fast as PyTorch's faster way (target: "
    text += f"{BATCH_OF_32:g}, and 1 where PyTorch reaches {NEAR_PEAK:.0%} of the peak"
    text += f", as for {_listed(high)}). " if high else "). "
    return text + verdict(ratios, targets, lambda name: _why(found[name], "32"))


def _multiples(ratios):
    return _listed([f"{value:.2f} ({name})" for name, value in ratios.items()])


def _why(record, batch):
    own = fraction_of_peak(record, record[OURS][batch]["rate"], 1)
    return f" ({own:.0%} of the peak, PyTorch {_torch_peak(record, batch):.0%})"


def _torch_peak(record, batch):
    return max(
        fraction_of_peak(record, record[peer][batch]["rate"], 1) for peer in PEERS if batch in record.get(peer, {})
    )


def _fastest(found):
    """Where another engine of ours is faster than the one that "auto" takes."""
    if not any(OURS in record for record in found.values()):
        return ""
    faster = []
    for name, record in found.items():
        for engine in ("keras", "graph", "onnx"):
            for batch, own in record.get(engine, {}).items():
                other = record.get(OURS, {}).get(batch)
                if other and own["rate"][1] > 1.05 * other["rate"][1]:
                    multiple = own["rate"][1] / other["rate"][1]
                    faster.append(f"{ENGINES[engine]} for {name}, batch {batch} ({multiple:.2f} times)")
    text = "**Engines.** `zoo.predictor` takes LiteRT where it is installed. "
    if not faster:
        return text + "No other engine is more than 5 % faster, for any network and size of batch."
    return text + f"More than 5 % faster: {_listed(faster, '; ')}."


def _openvino(found):
    """How it compares with what "auto" takes, where it was measured."""
    texts = []
    for batch in BATCHES:
        both = [record for record in found.values() if batch in record.get("openvino", {}) and batch in record[OURS]]
        if both:
            times = [record[OURS][batch]["rate"][1] / record["openvino"][batch]["rate"][1] for record in both]
            texts.append(f"{min(times):.2f} to {max(times):.2f} times as long for a batch of {batch}")
    return f"**OpenVINO** takes, of `zoo.predictor`'s time, {_listed(texts)}." if texts else ""


def _training(found):
    key = f"step_{TRAINING_BATCH}"
    ratios = {name: found[name]["keras"][key][1] / found[name]["torch"][key][1] for name in TRAINING if name in found}
    if not ratios:
        return ""
    targets = _listed([f"{TRAINING[name]:g} for {name}" for name in ratios])
    reached = verdict(ratios, TRAINING, lambda name: _why_training(found[name]))
    text = f"**Training** is {_multiples(ratios)} times as fast as in PyTorch (targets: {targets}). "
    return text + reached


def _why_training(record):
    key = f"step_{TRAINING_BATCH}"
    own, other = (fraction_of_peak(record, record[way][key], 3) for way in ("keras", "torch"))
    return f" ({own:.0%} of the peak, PyTorch {other:.0%})"


def _peak(found):
    if "wide_products" not in found:
        return ""
    record = found["wide_products"]
    fraction = fraction_of_peak(record, record["keras"][f"step_{TRAINING_BATCH}"], 3)
    state = "reached" if fraction >= TRAINING_PEAK else f"{TRAINING_PEAK - fraction:.1%} short"
    return (
        f"**Peak.** `wide_products` trains at {fraction:.1%} of the peak of a matrix product (target: "
        f"{TRAINING_PEAK:.0%}, {state})."
    )


def _memory(found):
    most = max(own["training_megabytes"] for record in found.values() for own in _ways(record))
    return f"**Memory.** A training step of {TRAINING_BATCH} images needs {most / 1e3:.1f} GB at most."


def _ways(record):
    return [record[way] for way in ("keras", "torch") if way in record]


def _onednn(found):
    def multiples(way, of):
        steps = [record for _, what, record in found if "step" in what and way in record]
        return [record[way][1] / record[of][1] for record in steps]

    gain, xla = multiples("oneDNN", "plain"), multiples("XLA", "oneDNN")
    text = (
        f"**oneDNN** makes training {_range(gain, '.1f')} times as fast here. `pinet train` and `pinet tune` turn it "
        "on where TensorFlow leaves it off (`TF_ENABLE_ONEDNN_OPTS=0` prevents it). From Python, set "
        "`TF_ENABLE_ONEDNN_OPTS=1` before Keras is imported. Prediction with the engine `keras` keeps TensorFlow's "
        f"setting. XLA trains at {_range(xla)} times the speed of "
        + ("oneDNN, so classifiers are trained without it unless the recipe sets `jit`." if max(xla) < 1 else "oneDNN.")
    )
    bfloat16, joined = multiples("bfloat16", "oneDNN"), multiples("steps at once", "oneDNN")
    if bfloat16:
        text += (
            f" bfloat16 (`bfloat16` in a recipe) trains at {_range(bfloat16)} times the speed of float32, and several "
            f"steps in one call (`steps_per_execution`) at {_range(joined)} times that of single ones"
        )
        text += ", which `pinet train` does not do." if max(joined) < WORTH_IT else "."
    return text


def _range(values, form=".2f"):
    return f"{min(values):{form}} to {max(values):{form}}"


def _scaling(found):
    least, slope = (pick(row[key] for row in found.values()) for pick, key in ((min, "r_squared"), (max, "slope")))
    state = "reached" if least >= R_SQUARED else "not reached"
    text = f"**Degree and rank.** A straight line fits the time of each with R² {least:.3f} at least (target: "
    text += f"{R_SQUARED:g}, {state})."
    if slope < 1:
        text += " Part of every call depends on neither, so the logarithms' slopes are below 1."
    return text


def _start(found):
    def seconds(name):
        value, most = found[name][1], START_SECONDS[name]
        state = "reached" if value <= most else f"missed by {value - most:.2f} s"
        return f"{value:.2f} s (target: {most:g}, {state})"

    text = f"**Start.** `import zoo` takes {seconds('import zoo')} and `pinet list` {seconds('pinet list')}. Neither "
    text += "imports TensorFlow."
    if "pinet predict, first" in found:
        text += (
            f" `pinet predict` of one image takes {seconds('pinet predict')}, and {seconds('pinet predict, first')} "
        )
        text += "the first time, with compiling."
    return text


def _all_models(found):
    texts = []
    for engine, record in found.items():
        seconds = record["seconds"]
        slowest = max(seconds, key=seconds.__getitem__)
        texts.append(
            f"with the engine `{engine}` {sum(seconds.values()):.1f} s, {seconds[slowest]:.2f} s of them for "
            f"`{slowest}`, and {record['after']:.0f} MB, of which {record['before']:.0f} MB are there with one model"
        )
    count = len(next(iter(found.values()))["seconds"])
    text = f"**All {count} models in one process** take, each with its first prediction: {_listed(texts, '; ')}."
    sizes = found.get("litert", {}).get("files_megabytes")
    if sizes:
        text += (
            f" The files compiled for LiteRT are {sizes['compiled']:.1f} MB, {sizes['compressed']:.1f} MB compressed; "
            f"the weights of these models are {sizes['weights']:.1f} MB."
        )
    return text


def _devices(found):
    first, *_, last = found
    return (
        f"**Devices.** {last} virtual devices on the same cores have {found[last] / found[first]:.0%} of the speed of "
        "one. They exist to try `--devices`, and are measured once, not in rounds."
    )


def _bench(seconds):
    """How long `make bench` takes, where all its parts were timed."""
    parts = {part: value for part, value in seconds.items() if part != "encrypted"}
    if set(parts) != {"networks", "engines", "choices", "scaling", "replicas", "start", "all_models", "pipeline"}:
        return ""
    total = sum(parts.values())
    longest = _listed([f"{part} {value / 60:.1f}" for part, value in sorted(parts.items(), key=lambda x: -x[1])])
    state = "reached" if total <= BENCH_SECONDS else "not reached"
    return (
        f"**This bench** took {total / 60:.1f} minutes (target: {BENCH_SECONDS / 60:.0f}, {state}), by part: {longest}."
    )

"""RESULTS.md and results.svg, from the stored parts."""
import math

from . import agreement, machine
from .peers import PEERS
from .workloads import TITLES


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def disagreements(times):
    """Lines that name every peer whose losses could not be compared or differ; None without any."""
    found = [f"{work}, {peer}: {of['reason']}" for work, peers in times.items() for peer, of in peers.items()
             if "reason" in of and of["reason"] != PEERS[peer].cannot.get(work)]
    return "\n".join(found) or None


def ratios(times, peer, reference="torch"):
    """{work: median time of `peer` divided by that of `reference`}."""
    return {work: of[peer]["ms"][1] / of[reference]["ms"][1] for work, of in times.items()
            if "ms" in of.get(peer, {}) and "ms" in of.get(reference, {})}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def table(header, rows):
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time_table(times):
    """Medians with quartiles, and the reasons for the dashes."""
    reasons = {}

    def cell(of):
        if "ms" in of:
            low, median, high = of["ms"]
            return f"{number(median)} ({number(low)} to {number(high)})"
        return "- " + f"[{reasons.setdefault(of.get('reason', 'not measured'), len(reasons) + 1)}]"

    peers = [peer for peer in PEERS if any(peer in of for of in times.values())]
    rows = [[PEERS[peer].title, *[cell(of.get(peer, {})) for of in times.values()]] for peer in peers]
    notes = "".join(f"\n[{n}] {reason}.  " for reason, n in reasons.items())
    return table(["milliseconds a step", *times], rows) + ("\n" + notes if notes else "")


def ratio_table(parts):
    rows = []
    for threads in (1, 2):
        times = parts.get(f"time-{threads}", {})
        for reference in ("torch", "torch+allocator"):
            found = ratios(times, "companion", reference)
            if found:
                rows.append([f"{threads} thread{'s' * (threads > 1)}, to {PEERS[reference].title}",
                             *[f"{found[work]:.2f}" if work in found else "-" for work in TITLES],
                             f"**{geometric_mean(found.values()):.2f}**"])
    return table(["companion's time divided by", *TITLES, "geometric mean"], rows)


def growth_table(found):
    rows = []
    for name, of in found.items():
        for peer in of:
            if peer != "theory":
                exponents = of[peer]["exponents"]
                rows.append([name, PEERS[peer].title, f"{exponents['ms']:.2f}", f"{of['theory']:.2f}",
                             f"{exponents['mb']:.2f}"])
    return table(["grows with", "peer", "time", "operations", "peak memory"], rows)


def chart(times, path):
    """Time of a step as a multiple of PyTorch's, one row of dots for each workload; returns the alternative text."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "benchmarks"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    words = []
    for peer, marker in zip([p for p in PEERS if p != "torch"], "oXsDv^P*"):
        found = ratios(times, peer)
        if found:
            rows = [list(times).index(work) for work in found]
            axes.plot(found.values(), rows, marker, label=PEERS[peer].title,
                      markersize=10 if peer == "companion" else 6)
            words.append(f"{PEERS[peer].title} " + ", ".join(f"{work} {value:.2g}" for work, value in found.items()))
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xscale="log", yticks=range(len(times)), yticklabels=list(times),
             xlabel="time of a training step, PyTorch eager = 1 (logarithmic; left is faster)")
    axes.invert_yaxis()
    axes.legend(bbox_to_anchor=(1.01, 1), loc="upper left", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return "Times of a training step as multiples of PyTorch's: " + "; ".join(words) + "."


def write(parts, folder):
    """RESULTS.md and results.svg in the folder, from whatever parts there are."""
    about, gflops = parts["machine"], parts["machine"]["gflops"]
    text = ["# companion beside its peers", "", "Written by `make bench`. Ratios travel from machine to machine, "
            "milliseconds do not.", "", "One training step is forward, backward and update, in float32:", "",
            *[f"- **{work}** {title}" for work, title in TITLES.items()], ""]
    if "time-1" in parts:
        alt = chart(parts["time-1"], folder / "results.svg")
        text += [f"![{alt}](results.svg)", ""]
    text += ["## Ratios", "", "Below 1, companion is faster. Its import has the C library keep freed memory; "
             "PyTorch is shown without and with that setting.", "", ratio_table(parts), ""]
    for threads in (1, 2):
        times = parts.get(f"time-{threads}")
        if times:
            text += [f"## Time at {threads} thread{'s' * (threads > 1)}", "", "Median (lower to upper quartile).", "",
                     time_table(times), ""]
            ms = times["W1"].get("companion", {}).get("ms")
            if ms:
                share = machine.share_of_product(ms[1], gflops[threads - 1])
                text += [f"The matrix product of this machine reaches {gflops[threads - 1]:.0f} GFLOP/s (2048 cubed, "
                         f"NumPy); companion's W1 reaches {share:.0%} of that, Adam and all included.", ""]
    if "memory" in parts:
        found = parts["memory"]
        rows = [[PEERS[peer].title, *[f"{of[peer]:.0f}" if peer in of else "-" for of in found.values()]]
                for peer in PEERS if any(peer in of for of in found.values())]
        text += ["## Peak memory", "", "Megabytes above what the imports left, model and data and (where there is one) "
                 "compilation included; a process for each number.", "",
                 table(["MB", *found], rows), ""]
    if "fused" in parts:
        rows = [[name, f"{of['composed']:.2f}", f"{of['fused']:.2f}", f"{of['composed'] / of['fused']:.1f}"]
                for name, of in parts["fused"].items()]
        text += ["## What fusing gains", "", "Operations of companion that are one node of the graph, beside the same "
                 "composed of simple ones (the tests hold them equal): milliseconds forward and backward.", "",
                 table(["operation", "composed", "fused", "times faster"], rows), ""]
    if "growth" in parts:
        text += ["## Growth", "", "Exponents k of c * size^k, fitted to doubled sizes at 1 thread; for comparison the "
                 "same fit to the number of operations that theory counts.", "", growth_table(parts["growth"]), ""]
    text += ["## How it was measured", "",
             f"- Every peer starts from the same weights; its first {agreement.STEPS} losses agree with PyTorch's "
             f"within {agreement.TOLERANCE:g} (relative, float32), or it is not timed.",
             "- One process for each peer and number of threads, for threads and allocator are settings of a process; "
             "it may use as many cores as threads.",
             "- Interleaved rounds: 7 times 0.25 s (at least one step) for each peer in turn, after a warm-up.",
             f"- {about['processor']}, {about['cores']} cores, {about['system']}, Python {about['python']}, "
             + ", ".join(f"{name} {version}" for name, version in about["packages"].items()) + ".", ""]
    (folder / "RESULTS.md").write_text("\n".join(text), "utf-8")

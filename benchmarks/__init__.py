"""Side-by-side measurements: companion and its peers train the same five models from the same weights.

    make bench              everything, about ten minutes on two cores; writes RESULTS.md and results.svg
    make bench TINY=1       small models and few steps: proves that it runs and that the losses agree; times nothing

workloads   the five models: sizes, data, start weights
peers/      one module for each peer, each with `trainer(work)`, which returns a function that makes one step
worker      the process that a peer runs in
agreement   the first losses of all peers, compared
timing      rounds of steps, one peer after another
composed    the fused operations of companion, composed of simple ones: referees, and what fusing gains
growth      time and memory against batch, width, sequence length and image size
report      the table and the chart
"""

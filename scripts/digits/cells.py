"""NAS-Bench-201 strings: the unique string of a cell and the member that stands for its class."""
import re

# The order gives each operation its digit in arch_code; the edges are in the order of the string.
OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
COST = {"none": 0, "skip_connect": 1, "avg_pool_3x3": 10, "nor_conv_1x1": 100, "nor_conv_3x3": 1000}


def parse(arch):
    """The six operations in the order of EDGES."""
    found = {(int(source), target): operation
             for target, group in enumerate(arch.split("+"), 1)
             for operation, source in re.findall(r"(\w+)~(\d)\|", group)}
    if set(found) != set(EDGES) or not set(found.values()) <= set(OPERATIONS):
        raise ValueError(f"not a NAS-Bench-201 architecture: {arch}")
    return [found[edge] for edge in EDGES]


def unique_string(arch):
    """Equal for isomorphic cells: 6,466 different ones over the 15,625 architectures."""
    labels = ["0", "", "", ""]
    operations = dict(zip(EDGES, parse(arch)))
    for target in (1, 2, 3):
        pieces = []
        for source in range(target):
            operation, label = operations[source, target], labels[source]
            if operation == "none" or label == "#":
                pieces.append("#")
            else:
                pieces.append(label if operation == "skip_connect" else f"({label})@{operation}")
        labels[target] = "+".join(sorted(pieces))
    return labels[3]


def representatives(archs):
    """Maps each unique string to the cheapest member of its class (no dead convolutions), ties by string."""
    def price(arch):
        return sum(COST[operation] for operation in parse(arch)), arch

    best = {}
    for arch in archs:
        key = unique_string(arch)
        if key not in best or price(arch) < price(best[key]):
            best[key] = arch
    return best

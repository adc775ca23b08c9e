"""Runs rendered networks in PyTorch and compares output shape and parameter count with what was inferred.

Reads JSON lines {id, text, input, output, parameters} from standard input, shapes without the batch; prints one JSON line
for each difference and, at the end, {"checked": n}. A `prelude` field is run before the text."""
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_num_threads(1)
batch = 2
checked = 0
for line in sys.stdin:
    row = json.loads(line)
    scope = {"torch": torch, "nn": nn, "F": F}
    try:
        exec(row.get("prelude", ""), scope)
        exec(row["text"], scope)
        net = scope["Net"]()
        with torch.no_grad():
            y = net(torch.randn(batch, *row["input"]))
        found = {"output": list(y.shape[1:]), "parameters": sum(p.numel() for p in net.parameters())}
        wrong = {k: v for k, v in found.items() if v != row[k]}
        if y.shape[0] != batch:
            wrong["batch"] = y.shape[0]
    except Exception as error:
        wrong = {"error": repr(error)}
    if wrong:
        print(json.dumps({"id": row["id"], "expected": {k: row[k] for k in ("output", "parameters")}, "found": wrong}))
    checked += 1
print(json.dumps({"checked": checked}))

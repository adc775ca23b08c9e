"""Both model families in plain PyTorch, on the weights of the model store: what bench/embed.ts measures beside ours.

Reads {"folder", "texts": [[ids]], "threads", "dtype"} on standard input, embeds (avg_avg) in padded batches of 32 texts sorted by
length, prints {"seconds", "cpuSeconds", "tokens", "first", "peakMegabytes", "note"}. Ends with 3 where PyTorch is missing.
"""
import json
import resource
import sys
import time

try:
    import numpy as np
    import torch
    from torch.nn import functional as F
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


def load(folder, dtype):
    with open(f"{folder}/model.json") as file:
        model = json.load(file)
    data = np.memmap(f"{folder}/{model['weights']['file']}", dtype=np.float32, mode="r")
    weights = {}
    for name, tensor in model["weights"]["tensors"].items():
        size = int(np.prod(tensor["shape"]))
        at = tensor["offset"] // 4
        value = torch.from_numpy(np.array(data[at : at + size]).reshape(tensor["shape"]))
        # Linear weights lie as [in, out]; PyTorch's own order is [out, in].
        is_linear = value.dim() == 2 and name not in ("embedding", "cos", "sin", "positions")
        weights[name] = (value.t().contiguous() if is_linear else value).to(dtype)
    return model["config"], weights


def attention(q, k, v, bias):
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return torch.softmax(scores + bias, dim=-1) @ v


def llama(c, w, ids, mask):
    heads, kv, size = c["heads"], c["kvHeads"], c["hidden"] // c["heads"]
    batch, tokens = ids.shape
    cos, sin = w["cos"][:tokens], w["sin"][:tokens]
    bias = torch.triu(torch.full((tokens, tokens), float("-inf"), dtype=cos.dtype), diagonal=1)

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["epsilon"]) * w[name]

    def rotate(x):
        a, b = x.chunk(2, dim=-1)
        return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)

    x = F.embedding(ids, w["embedding"])
    states = [x]
    for i in range(c["layers"]):
        qkv = F.linear(norm(x, f"{i}.attention.norm"), w[f"{i}.attention.qkv"])
        q, k, v = qkv.view(batch, tokens, heads + 2 * kv, size).transpose(1, 2).split((heads, kv, kv), dim=1)
        k, v = rotate(k).repeat_interleave(heads // kv, 1), v.repeat_interleave(heads // kv, 1)
        mixed = attention(rotate(q), k, v, bias).transpose(1, 2).reshape(batch, tokens, -1)
        x = x + F.linear(mixed, w[f"{i}.attention.out"])
        y = norm(x, f"{i}.mlp.norm")
        gated = F.silu(F.linear(y, w[f"{i}.mlp.gate"])) * F.linear(y, w[f"{i}.mlp.up"])
        x = x + F.linear(gated, w[f"{i}.mlp.down"])
        states.append(x)
    states[-1] = norm(x, "norm")
    return states


def bert(c, w, ids, mask):
    batch, tokens = ids.shape
    heads, hidden = c["heads"], c["hidden"]
    bias = torch.where(mask, 0.0, float("-inf"))[:, None, None, :].to(w["positions"].dtype)

    def norm(x, name):
        return F.layer_norm(x, (hidden,), w[f"{name}.scale"], w[f"{name}.shift"], c["epsilon"])

    x = norm(F.embedding(ids, w["embedding"]) + w["positions"][:tokens], "norm")
    states = [x]
    for i in range(c["layers"]):
        qkv = F.linear(x, w[f"{i}.qkv"], w[f"{i}.qkv.bias"])
        q, k, v = qkv.view(batch, tokens, 3, heads, hidden // heads).permute(2, 0, 3, 1, 4)
        mixed = attention(q, k, v, bias).transpose(1, 2).reshape(batch, tokens, hidden)
        x = norm(x + F.linear(mixed, w[f"{i}.out"], w[f"{i}.out.bias"]), f"{i}.norm")
        up = F.gelu(F.linear(x, w[f"{i}.up"], w[f"{i}.up.bias"]))
        x = norm(x + F.linear(up, w[f"{i}.down"], w[f"{i}.down.bias"]), f"{i}.mlp.norm")
        states.append(x)
    return states


def embed(run, texts):
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = [None] * len(texts)
    for begin in range(0, len(order), 32):
        part = order[begin : begin + 32]
        longest = max(len(texts[i]) for i in part)
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        mask = torch.zeros(len(part), longest, dtype=torch.bool)
        for at, i in enumerate(part):
            ids[at, : len(texts[i])] = torch.tensor(texts[i])
            mask[at, : len(texts[i])] = True
        states = run(ids, mask)
        counts = mask.sum(1, keepdim=True)
        total = sum((state * mask[..., None]).sum(1, dtype=torch.float32) / counts for state in states) / len(states)
        for at, i in enumerate(part):
            out[i] = total[at]
    return out


if __name__ == "__main__":
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    config, weights = load(request["folder"], getattr(torch, request["dtype"]))
    family = {"llama": llama, "bert": bert}[config["family"]]
    texts = request["texts"]
    with torch.inference_mode():
        run = lambda ids, mask: family(config, weights, ids, mask)
        embed(run, texts[:4])
        start, used = time.perf_counter(), time.process_time()
        vectors = embed(run, texts)
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpuSeconds": cpu,
                "tokens": sum(map(len, texts)),
                "first": vectors[0].tolist(),
                "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "note": f"PyTorch {torch.__version__} {request['dtype']}",
            }
        )
    )

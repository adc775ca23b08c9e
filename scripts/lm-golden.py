"""Golden vectors of every family of language models, from transformers with small random weights.

A tool for developers: `python scripts/lm-golden.py` (needs torch and transformers 5) rewrites test/lm/golden/*.json. Each
file holds config.json, the names and shapes of the tensors, token ids of some texts and their vectors under every pooling.
The weights themselves are not kept: both sides make them from the name of the tensor (`values`, test/lm/seeded.ts), with
integers and powers of two, so that they are the same bits.
"""

import json
import pathlib
import sys

import numpy
import torch
import transformers

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "lm" / "golden"
VOCABULARY = 96
TEXTS = [[5], [7, 3, 9, 11, 2, 90, 17], [7, 3, 9, 40, 2], [8] * 3, [(i * 37 + 11) % VOCABULARY for i in range(41)]]
SHARED = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
DECODER = {**SHARED, "num_key_value_heads": 2, "pad_token_id": None, "bos_token_id": 1, "eos_token_id": 2}


def rope(kind, **settings):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **settings}}


STRETCHED = {"factor": 4.0, "original_max_position_embeddings": 16}
MODELS = {
    "llama": ("Llama", DECODER),
    "llama-linear": ("Llama", {**DECODER, **rope("linear", factor=4.0)}),
    "llama-dynamic": ("Llama", {**DECODER, **rope("dynamic", factor=4.0)}),
    "llama-llama3": ("Llama", {**DECODER, **rope("llama3", low_freq_factor=1.0, high_freq_factor=4.0, **STRETCHED)}),
    "llama-yarn": ("Llama", {**DECODER, **rope("yarn", **STRETCHED)}),
    "llama-heads": ("Llama", {**DECODER, "head_dim": 32}),
    "mistral": ("Mistral", {**DECODER, "sliding_window": 6}),
    "mixtral": ("Mixtral", {**DECODER, "sliding_window": None, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "qwen2": ("Qwen2", {**DECODER, "use_sliding_window": True, "sliding_window": 6, "max_window_layers": 2}),
    "qwen2-full": ("Qwen2", {**DECODER, "use_sliding_window": False}),
    "qwen3_moe": ("Qwen3Moe", {**DECODER, "head_dim": 16, "use_sliding_window": False, "num_experts": 6, "num_experts_per_tok": 3, "moe_intermediate_size": 32, "norm_topk_prob": True}),
    "qwen3": ("Qwen3", {**DECODER, "head_dim": 32, "use_sliding_window": False}),
    "bert": ("Bert", SHARED),
    "roberta": ("Roberta", {**SHARED, "type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}),
    "modernbert": ("ModernBert", {**SHARED, "local_attention": 8, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}),
    "nomic_bert": ("NomicBert", {**SHARED, "head_dim": 16}),
}


def values(name, shape):
    """float32 in [-1/2, 1/2), or around 1 for norms; the same as in test/lm/seeded.ts."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    x = (numpy.arange(int(numpy.prod(shape)), dtype=numpy.uint64) * 2654435761 + seed) % 2**32
    for shift, factor in ((16, 2246822507), (13, 3266489909)):
        x = (x ^ (x >> numpy.uint64(shift))) * factor % 2**32
    x = x ^ (x >> numpy.uint64(16))
    unit = (x >> numpy.uint64(8)).astype(numpy.float32) / numpy.float32(2**24) - numpy.float32(0.5)
    if name.endswith("norm.weight") or "Norm.weight" in name or "layernorm.weight" in name:
        unit = unit / 2 + 1
    return torch.from_numpy(unit.reshape(shape))


def poolings(states):
    """states: [L + 1, T, D] of one text; the definitions in float64."""
    states = states.double()
    last = len(states) - 1
    means = states.mean(1)
    each = [layer for layer in range(last + 1) if (last - layer) % 4 == 0]
    middle = means[-(-last // 3) : 2 * last // 3 + 1]
    return {
        "mean": means[last],
        "last_token": states[last, -1],
        "multi_layer": means[each].flatten(),
        "avg_avg": means.mean(0),
        "layer:2": means[2],
        "mid": middle.mean(0),
    }


def write(name, kind, settings):
    config = getattr(transformers, f"{kind}Config")(**settings)
    config._attn_implementation = "eager"
    model = getattr(transformers, f"{kind}Model")(config).eval()
    state = model.state_dict()
    has_experts = any(".mlp.experts." in key for key in state)
    if has_experts:
        state = stacked_experts(state, config)
    else:
        state = {key: values(key, tuple(tensor.shape)) for key, tensor in state.items() if tensor.is_floating_point()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all("position_ids" in key or "token_type_ids" in key for key in missing), (missing, unexpected)
    texts = []
    for ids in TEXTS:
        with torch.no_grad():
            out = model(torch.tensor([ids]), output_hidden_states=True)
        hidden = torch.stack(out.hidden_states)[:, 0]
        assert torch.equal(hidden[-1], out.last_hidden_state[0])
        vectors = {key: [float(f"{x:.6g}") for x in vector] for key, vector in poolings(hidden).items()}
        texts.append({"ids": ids, "vectors": vectors})
    tensors = file_shapes(state, config) if has_experts else {key: list(t.shape) for key, t in state.items()}
    kept = json.loads(config.to_json_string(use_diff=False))
    drop = ("id2label", "label2id", "transformers_version", "_name_or_path")
    golden = {"config": {k: v for k, v in kept.items() if k not in drop}, "tensors": tensors, "texts": texts}
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
    (FOLDER / f"{name}.json").write_text("{\n" + lines + "\n}\n")


def experts_of(config):
    """How files name the experts of a layer: the block, its three matrices, and how many and how wide they are."""
    if config.model_type == "mixtral":
        return "block_sparse_moe", ("w1", "w3", "w2"), config.num_local_experts, config.intermediate_size
    return "mlp", ("gate_proj", "up_proj", "down_proj"), config.num_experts, config.moe_intermediate_size


def expert_shapes(layer, config):
    """Names and shapes of gate, up and down of each expert of a layer."""
    block, parts, count, inner = experts_of(config)
    sizes = ([inner, config.hidden_size], [inner, config.hidden_size], [config.hidden_size, inner])
    names = [[f"layers.{layer}.{block}.experts.{e}.{part}.weight" for part in parts] for e in range(count)]
    return [list(zip(each, sizes)) for each in names]


def stacked_experts(state, config):
    """transformers 5 keeps the experts of a layer in two tensors; files keep each alone, and so the values are drawn."""
    out = {}
    for key, tensor in state.items():
        if ".mlp.experts." in key:
            drawn = [[values(*each) for each in expert] for expert in expert_shapes(int(key.split(".")[1]), config)]
            gate_up = torch.stack([torch.cat((gate, up)) for gate, up, _ in drawn])
            out[key] = gate_up if "gate_up" in key else torch.stack([down for _, _, down in drawn])
            assert out[key].shape == tensor.shape, (key, tensor.shape)
        else:
            out[key] = values(key.replace(".mlp.gate.", f".{experts_of(config)[0]}.gate."), tuple(tensor.shape))
    return out


def file_shapes(state, config):
    out = {}
    for key, tensor in state.items():
        if ".mlp.experts." in key:
            out.update(each for expert in expert_shapes(int(key.split(".")[1]), config) for each in expert)
        else:
            out[key.replace(".mlp.gate.", f".{experts_of(config)[0]}.gate.")] = list(tensor.shape)
    return out


wanted = sys.argv[1:] or MODELS
for each in wanted:
    write(each, *MODELS[each])
    print(each)

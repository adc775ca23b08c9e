"""A small ONNX file as PyTorch exports it, with the vectors that PyTorch computes: test/lm/golden-onnx/*.

A tool for developers (needs torch with the TorchScript exporter and transformers). One BERT of random weights with all its
hidden states as outputs, its inputs those of the real exports; the test takes outputs away where it wants fewer.
"""

import json
import pathlib

import torch
from transformers import BertConfig, BertModel

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "lm" / "golden-onnx"
SETTINGS = {
    "vocab_size": 15,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
    "type_vocab_size": 2,
}
TEXTS = [[2, 4, 3], [2, 5, 4, 9, 13, 3], [2, 4, 4, 4, 10, 13, 12, 14, 3]]


class Exported(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.model(input_ids, attention_mask, token_type_ids, output_hidden_states=True)
        return (out.last_hidden_state, *out.hidden_states)


torch.manual_seed(1)
FOLDER.mkdir(exist_ok=True)
model = BertModel(BertConfig(**SETTINGS, attn_implementation="eager"), add_pooling_layer=False).eval()
for parameter in model.parameters():
    torch.nn.init.normal_(parameter, 0.1, 0.3)
ids = torch.tensor(TEXTS[1:2])
names = ["input_ids", "attention_mask", "token_type_ids"]
states = [f"hidden_states.{i}" for i in range(SETTINGS["num_hidden_layers"] + 1)]
torch.onnx.export(
    Exported(model).eval(),
    (ids, torch.ones_like(ids), torch.zeros_like(ids)),
    str(FOLDER / "model.onnx"),
    input_names=names,
    output_names=["last_hidden_state", *states],
    dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state", *states]},
    opset_version=14,
)
# The export leaves the model in training.
model.eval()
texts = []
for text in TEXTS:
    with torch.no_grad():
        hidden = torch.stack(model(torch.tensor([text]), output_hidden_states=True).hidden_states)[:, 0].double()
    means = hidden.mean(1)
    vectors = {
        "mean": means[-1],
        "last_token": hidden[-1, -1],
        "avg_avg": means.mean(0),
        "layer:1": means[1],
        "multi_layer": means[[2]].flatten(),
    }
    texts.append({"ids": text, "vectors": {key: [float(f"{x:.6g}") for x in each] for key, each in vectors.items()}})
(FOLDER / "config.json").write_text(json.dumps({"model_type": "bert", **SETTINGS}) + "\n")
(FOLDER / "vectors.json").write_text(json.dumps(texts) + "\n")

"""Writes a model of the store as a plain ONNX export of PyTorch, for peers that run ONNX files.

Arguments: folder of the model, folder of the export. Ends with 3 where PyTorch or onnx is missing.
"""
import json
import os
import sys

from embed_torch import bert, llama, load, torch

try:
    import onnx  # noqa: F401: what the exporter needs
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


class Plain(torch.nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.config, self.weights = config, weights
        self.family = {"llama": llama, "bert": bert}[config["family"]]

    def forward(self, input_ids, attention_mask):
        return self.family(self.config, self.weights, input_ids, attention_mask.bool())[-1]


if __name__ == "__main__":
    source, target = sys.argv[1:]
    config, weights = load(source, torch.float32)
    os.makedirs(f"{target}/onnx", exist_ok=True)
    names = ["input_ids", "attention_mask"]
    ones = torch.ones(2, 7, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]}
    torch.onnx.export(
        Plain(config, weights),
        (ones, ones),
        f"{target}/onnx/model.onnx",
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    with open(f"{target}/config.json", "w") as file:
        json.dump({"model_type": config["family"]}, file)

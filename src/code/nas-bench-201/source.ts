/**
 * PyTorch source of a NAS-Bench-201 cell in the three primitive styles of the code-embedding literature: convolutions by a
 * helper class that is not shown (`exclude_helper`) or shown (`helper`), or written out (`inline`). Every byte enters
 * embeddings and published tables, so the text is fixed: four spaces, LF, no imports, no comments, no newline at the end.
 * Edges that do not reach the output are written too, so that all 15,625 texts differ. The text describes the network that
 * the benchmark trained rather than repeating it (its pooling leaves padding out of the count).
 */
import { type Cell, stringEdges, type Work } from '../../spaces/index.js';

type Primitives = Readonly<Record<Work, string>>;

const pool = 'nn.AvgPool2d(kernel_size=3, stride=1, padding=1)';

const helperPrimitives: Primitives = {
  nor_conv_1x1: 'ReLU_Conv2d_BatchNorm(channels, kernel_size=1, stride=1, padding=0)',
  nor_conv_3x3: 'ReLU_Conv2d_BatchNorm(channels, kernel_size=3, stride=1, padding=1)',
  avg_pool_3x3: pool,
};

const inlineConv = (kernel: number, padding: number) =>
  `nn.Sequential(nn.ReLU(inplace=False), nn.Conv2d(channels, channels, kernel_size=${kernel}, stride=1, padding=${padding}, bias=False), nn.BatchNorm2d(channels))`;

const inlinePrimitives: Primitives = {
  nor_conv_1x1: inlineConv(1, 0),
  nor_conv_3x3: inlineConv(3, 1),
  avg_pool_3x3: pool,
};

/** The class that `exclude_helper` text needs to run. */
export const helperClass = `class ReLU_Conv2d_BatchNorm(nn.Module):
    def __init__(self, channels, kernel_size, stride, padding):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(inplace=False),
            nn.Conv2d(channels, channels, kernel_size, stride=stride, padding=padding, bias=False),
            nn.BatchNorm2d(channels)
        )

    def forward(self, x):
        return self.body(x)`;

function cellClass(cell: Cell, primitives: Primitives): string {
  const lines = ['class Cell(nn.Module):', '    def __init__(self, channels):', '        super().__init__()'];
  const nodes: string[][] = [[], [], [], []];
  stringEdges.forEach(({ source, target }, edge) => {
    const op = cell[edge]!;
    if (op === 'none') return;
    if (op === 'skip_connect') {
      nodes[target]!.push(`node_${source}`);
      return;
    }
    lines.push(`        self.op_${source}_${target} = ${primitives[op]}`);
    nodes[target]!.push(`self.op_${source}_${target}(node_${source})`);
  });
  lines.push('', '    def forward(self, x):', '        node_0 = x');
  for (let node = 1; node <= 3; node++)
    lines.push(`        node_${node} = ${nodes[node]!.join(' + ') || 'torch.zeros_like(node_0)'}`);
  lines.push('        return node_3');
  return lines.join('\n');
}

export const excludeHelper = (cell: Cell): string => cellClass(cell, helperPrimitives);
export const helper = (cell: Cell): string => `${helperClass}\n\n${excludeHelper(cell)}`;
export const inline = (cell: Cell): string => cellClass(cell, inlinePrimitives);

/**
 * The head that turns the last tensor into an answer. Classification: the mean over rows and columns of an image, or over
 * the width of a sequence, then a linear layer. Dense targets: adaptive average pooling to the size of the target and a 1x1
 * convolution to one channel; a sequence counts as an image of one channel.
 */
import type { EinspaceSettings } from '../../spaces/index.js';

export function headLines(
  task: EinspaceSettings['task'],
  shape: readonly number[],
): { layer: string; statement: string } {
  const isImage = shape.length === 3;
  if ('classes' in task)
    return {
      layer: `self.head = nn.Linear(${shape[0]}, ${task.classes})`,
      statement: `x = self.head(x.mean(dim=${isImage ? '(2, 3)' : '2'}))`,
    };
  const [rows, columns] = task.dense;
  return {
    layer: `self.head = nn.Conv2d(${isImage ? shape[0] : 1}, 1, 1)`,
    statement: `x = self.head(F.adaptive_avg_pool2d(${isImage ? 'x' : 'x.unsqueeze(1)'}, (${rows}, ${columns})))`,
  };
}

/** The space `einspace`: networks of any shape drawn from a grammar of reshapes, branches and layers. */
import { ColeError, type Rng } from '../../base/index.js';
import type { Space } from '../types.js';
import { setInput } from './course.js';
import { crossed, mutated, neighboursOf } from './edits.js';
import { counts } from './encodings.js';
import { keyOf, type Network } from './network.js';
import { canonicalKeyOf } from './normal.js';
import { parseNetwork } from './parse.js';
import { type Rejection, Sampler } from './sampler.js';
import { type Settings, settingsName } from './settings.js';
import { Tensor } from './shapes.js';
import { printCompact } from './text.js';

/** The space over an input shape, with its limits; see settings.ts for how they are written into a name. */
export function einspace(settings: Settings): Space<Network> {
  const sampler = new Sampler(settings);
  const input = new Tensor();
  setInput(input, settings.input);
  const sample = (rng: Rng, onRejection?: (reason: string) => void): Network => {
    const { maxAttempts } = settings.limits;
    const counts: Record<Rejection, number> = { nodes: 0, parameters: 0, elements: 0 };
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const drawn = sampler.draw(rng, { root: true, depth: 0, input });
      if (typeof drawn !== 'string') return { settings, code: drawn };
      counts[drawn]++;
      onRejection?.(drawn);
    }
    const reasons = Object.entries(counts).map(([reason, count]) => `${count} for their ${reason}`);
    throw new ColeError(
      'ERR_OPTION',
      `expected limits of ${settingsName(settings)} that let some network pass, but ${maxAttempts} in a row were rejected: ${reasons.join(', ')}`,
    );
  };
  return {
    name: settingsName(settings),
    parse: (text) => parseNetwork(settings, text),
    print: printCompact,
    sample,
    mutate: (network, rng) => mutated(network, rng, () => sample(rng)),
    neighbours: neighboursOf,
    crossover: crossed,
    key: keyOf,
    canonicalKey: canonicalKeyOf,
    encodings: { counts },
  };
}

/**
 * Names of features as users write them: `a+b` are sets side by side before one head (early fusion), `x/y` a committee, in
 * which each part has a head of its own (late fusion). `+` binds closer: `counts/counts+code` has two parts.
 */
import { ColeError } from '../base/index.js';

/** The sets of each part. Throws ERR_OPTION where a set is twice in a part, or a part twice in the committee. */
export function parseSpec(spec: string): string[][] {
  const parts = spec.split('/').map((part) => part.split('+'));
  for (const names of parts) refuseTwice(spec, 'names', names);
  refuseTwice(
    spec,
    'parts',
    parts.map((names) => names.toSorted().join('+')),
  );
  return parts;
}

/** Every set in it, once. Says nothing of whether there are such sets. */
export function setsOf(spec: string): string[] {
  return [...new Set(spec.split(/[+/]/))];
}

function refuseTwice(spec: string, what: string, list: readonly string[]): void {
  const twice = list.find((each, index) => list.indexOf(each) !== index);
  if (twice !== undefined)
    throw new ColeError('ERR_OPTION', `expected distinct ${what} in features ${spec}, got ${twice} twice`);
}

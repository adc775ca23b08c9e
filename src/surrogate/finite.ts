import { ColeError, type Matrix } from '../base/index.js';

/** The addon checks what it is given; this names the value before anything has spread it. */
export function requireFinite({ data, cols }: Matrix): void {
  for (let at = 0; at < data.length; at++)
    if (!Number.isFinite(data[at]))
      throw new ColeError(
        'ERR_DATA',
        `expected finite features, got ${data[at]} in row ${Math.floor(at / cols)}, column ${at % cols}`,
      );
}

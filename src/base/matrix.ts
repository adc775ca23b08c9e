/** A dense row-major float32 matrix; the form in which features move between rooms and into the addon. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  /** rows * cols values, row-major. May lie on a SharedArrayBuffer. */
  readonly data: Float32Array;
  /** Columns of each part of a committee, in order: a surrogate fits a head to each. Absent where one head sees all columns. */
  readonly parts?: readonly number[];
}

export function matrix(rows: number, cols: number, data: Float32Array = new Float32Array(rows * cols)): Matrix {
  if (data.length !== rows * cols)
    throw new RangeError(`expected ${rows} x ${cols} values for a matrix, got ${data.length}`);
  return { rows, cols, data };
}

export function row(m: Matrix, index: number): Float32Array {
  return m.data.subarray(index * m.cols, (index + 1) * m.cols);
}

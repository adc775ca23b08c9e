/** Numbers as people read them: fixed decimals, a real minus sign, thousands apart. */
export function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  const [whole, fraction] = text.split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ' ');
  const sign = value < 0 && Number(text) !== 0 ? '−' : '';
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

/** A share of 0 to 1 as "99.5 %", without needless zeros. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}\u00a0%`;
}

/** "+12 %" or "−41 %". */
export function signedPercent(share: number): string {
  const value = fixed(share * 100, 0);
  return `${share > 0 && value !== '0' ? '+' : ''}${value}\u00a0%`;
}

/** Three significant digits for short times, whole seconds for long ones. */
export function seconds(value: number): string {
  if (value === 0) return '0';
  if (value < 0.01) return '< 0.01';
  return fixed(value, value < 1 ? 2 : value < 100 ? 1 : 0);
}

/** "a", "a and b", "a, b and c". */
export function enumerate(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A name as it fits beside a figure. */
export function shorten(name: string): string {
  return name.length > 36 ? `${name.slice(0, 35)}…` : name;
}

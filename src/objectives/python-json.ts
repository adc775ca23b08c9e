/** Python's json module writes these for what is no number; JSON has no such words. */
const notNumbers = /(?<=[[:,\s])(NaN|-?Infinity)(?=\s*[,\]}])/g;

/** The value that JSON means, or Python's JSON, where NaN and the infinities become texts. Throws SyntaxError. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(notNumbers, '"$1"');
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}

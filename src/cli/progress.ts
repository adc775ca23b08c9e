/** One progress line on standard error with rate and time left; nothing at all where standard error is no terminal. */
import type { OnProgress, ProgressEvent } from '../base/index.js';

const redrawMs = 100;
let shown = false;
let stage = '';
let startedAt = 0;
let startedWith = 0;
let drawnAt = 0;

export const showProgress: OnProgress = (event) => {
  if (process.stderr.isTTY !== true) return;
  const now = performance.now();
  if (event.stage !== stage) {
    stage = event.stage;
    startedAt = now;
    // What a resumed run had already done must not count as speed.
    startedWith = event.done;
    drawnAt = 0;
  }
  const finished = event.done === event.total;
  if (!finished && now - drawnAt < redrawMs) return;
  drawnAt = now;
  const line = formatProgress(event, (now - startedAt) / 1000, startedWith);
  process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  shown = true;
};

export function clearProgress(): void {
  if (!shown) return;
  process.stderr.write('\r\x1b[2K');
  shown = false;
}

export function formatProgress(event: ProgressEvent, seconds: number, startedWith: number): string {
  const { done, total, unit, note } = event;
  const parts = [`${event.stage}: ${done}${total === undefined ? '' : ` of ${total}`} ${unit}`];
  if (total) parts.push(`${Math.floor((100 * done) / total)} %`);
  const rate = (done - startedWith) / seconds;
  if (Number.isFinite(rate) && rate > 0) {
    parts.push(`${rate >= 10 ? Math.round(rate) : rate.toPrecision(2)} ${unit}/s`);
    if (total !== undefined && done < total) parts.push(`${formatSeconds((total - done) / rate)} left`);
  }
  if (note) parts.push(note);
  return parts.join(', ');
}

export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `cole report`: run directories to one self-contained HTML file, CSV and SVG beside it. */
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { contextOf, examples } from '../context.js';
import { print, printJson } from '../output.js';

export function addReport(program: CommandUnknownOpts): void {
  program
    .command('report')
    .description('run directories as one self-contained HTML file')
    .argument('<runs...>', 'run directories of one table')
    .addHelpText(
      'before',
      examples('cole report runs/code runs/path runs/random --out report.html', 'cole report runs/code'),
    )
    .option(
      '--out <file>',
      'HTML file; CSV and SVG files come beside it (default: report.html in the run, or here for many)',
    )
    .action(async (runs, options, command) => {
      const { compareRuns, writeReport } = await import('../../index.js');
      const out = options.out ?? (runs.length === 1 ? join(runs[0]!, 'report.html') : 'report.html');
      await writeReport({ runs, out, reductions: compareRuns });
      await (contextOf(command).json ? printJson({ report: out }) : print(out));
    });
}

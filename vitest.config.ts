import { defineConfig } from 'vitest/config';

// `fast` needs no model weights; `model` runs the real language models. Forks, because native state and threads do not mix.
// Limits are for a test that hangs, not for one on a busy machine.
export default defineConfig({
  test: {
    pool: 'forks',
    // All cores: on two of them the default would leave one idle.
    maxWorkers: '100%',
    testTimeout: 600_000,
    hookTimeout: 600_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.model.test.ts'],
        },
      },
      { extends: true, test: { name: 'model', include: ['test/**/*.model.test.ts'] } },
    ],
  },
});

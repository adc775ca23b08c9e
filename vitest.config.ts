import { defineConfig } from 'vitest/config';

// `fast` needs no model weights; `model` runs the real language models. Forks, because native state and threads do not mix.
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/**/*.model.test.ts'] } },
      { extends: true, test: { name: 'model', include: ['test/**/*.model.test.ts'], testTimeout: 600_000 } },
    ],
  },
});

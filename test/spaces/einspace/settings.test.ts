import { describe, expect, it } from 'vitest';
import { parseSettings, settingsName, space } from '#cole/spaces/index.js';

describe('the name of an einspace', () => {
  it.each([
    'einspace',
    'einspace:1x8x8',
    'einspace:64x16,classes=3,variant=e2',
    'einspace:dense=32x16,maxDepth=9,maxNodes=100,maxParameters=5000,maxElements=4096,maxAttempts=7',
  ])('is that of its settings: %s', (name) => {
    expect(space(name).name).toBe(name);
  });
  it('is the same in whatever order the settings are given', () => {
    const name = space('einspace:maxNodes=7,classes=2,input=1x8x8').name;
    expect(name).toBe('einspace:1x8x8,classes=2,maxNodes=7');
    expect(settingsName(parseSettings('3x32x32,classes=10,variant=e1'))).toBe('einspace');
  });
  it.each([
    ['einspace:0x8x8', 'a whole number from 1 to 65536 as input of einspace, got 0'],
    ['einspace:8', 'channels x rows x columns or positions x width'],
    ['einspace:1x8x8x8', 'channels x rows x columns or positions x width'],
    ['einspace:1x8x8,maxDepht=3', 'did you mean maxDepth'],
    ['einspace:1x8x8,maxNodes=-1', 'as maxNodes of einspace, got -1'],
    ['einspace:1x8x8,maxNodes=', 'as maxNodes of einspace, got nothing'],
    ['einspace:1x8x8,classes=2,dense=3x3', 'classes or dense'],
    ['einspace:1x8x8,3x8x8', 'expected input once'],
    ['einspace:dense=3', 'rows x columns as dense'],
    ['einspace:variant=e3', 'as variant of einspace, got e3'],
    ['einspace:', 'got nothing'],
    ['einspaec', 'did you mean einspace'],
    ['nas-bench-201:1x8x8', 'as space, got nas-bench-201:1x8x8'],
  ])('is refused where it is wrong: %s', (name, message) => {
    expect(() => space(name)).toThrow(message);
  });
});

/** The public names of cole, room by room. */
export { ColeError, type ErrorCode, type OnProgress, type ProgressEvent, stream } from './base/index.js';
export { type Renderer, renderer, styles } from './code/index.js';
export { addonPath, type NativeInfo, native } from './native/index.js';
export { type Encoding, type Space, space, spaces } from './spaces/index.js';

/** Writes an architecture as text. A pure function of the architecture; the style names it in every embedding's identity. */
export interface Renderer<Arch> {
  /** `<space>/<style>` with a version that is raised when the text of any architecture changes: `nas-bench-201/nested@1`. */
  readonly identity: string;
  readonly style: string;
  render(arch: Arch): string;
}

declare module 'd3-flame-graph' {
  interface FlameGraph {
    (selection: unknown): void;
    width(value: number): FlameGraph;
    cellHeight(value: number): FlameGraph;
    inverted(value: boolean): FlameGraph;
    minFrameSize(value: number): FlameGraph;
    transitionDuration(value: number): FlameGraph;
    onClick(run: (node: { depth: number }) => void): FlameGraph;
    label(of: (node: never) => string): FlameGraph;
  }
  export function flamegraph(): FlameGraph;
}

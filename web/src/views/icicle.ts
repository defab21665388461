/** All stacks of a population, put together: what starts them above, where they wait below, as wide as they are many. */
import { select } from 'd3-selection';
import { flamegraph } from 'd3-flame-graph';
import { h } from '../dom';
import { count, frame } from '../format';
import type { Line } from '../populations';

const PAUSE = 20_000;

interface Node {
  name: string;
  value: number;
  children: Node[];
}

function treeOf(lines: Line[], root: string): Node {
  const top: Node = { name: root, value: 0, children: [] };
  for (const line of lines) {
    const frames = line.site.frames ?? [];
    let at = top;
    top.value += line.members;
    for (const entry of frames.toReversed()) {
      const name = frame(entry) || '?';
      let child = at.children.find((known) => known.name === name);
      if (!child) at.children.push((child = { name, value: 0, children: [] }));
      child.value += line.members;
      at = child;
    }
  }
  return top;
}

export class Icicle {
  readonly element = h('section', { 'aria-label': 'Stacks' });
  private shown = '';
  private drawnAt = 0;
  private zoomed = false;

  /** Draws anew where another kind is asked for, and else now and then, but not what somebody looks into. */
  show(lines: Line[], kind: string): void {
    const width = Math.round(this.element.clientWidth);
    const view = `${kind} ${width}`;
    if (view === this.shown && (this.zoomed || Date.now() - this.drawnAt < PAUSE)) return;
    this.shown = view;
    this.drawnAt = Date.now();
    this.zoomed = false;
    const withStacks = lines.filter((line) => (line.site.frames?.length ?? 0) > 0);
    this.element.replaceChildren();
    if (withStacks.length === 0) return;
    const tree = treeOf(withStacks, `all ${kind}s`);
    const box = h('div', {
      class: 'icicle',
      role: 'img',
      'aria-label': `Stacks of ${count(tree.value)} ${kind}s at ${count(withStacks.length)} sites; the table above lists them`,
    });
    this.element.append(h('h2', {}, `Stacks of all ${kind}s`), box);
    const chart = flamegraph()
      .width(Math.max(280, box.clientWidth))
      .cellHeight(20)
      .inverted(true)
      .minFrameSize(2)
      .transitionDuration(0)
      .onClick((node) => (this.zoomed = node.depth > 0))
      .label((node: { data: Node }) => `${node.data.name}: ${count(node.data.value)}`);
    select(box).datum(tree).call(chart as never);
  }
}

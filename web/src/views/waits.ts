/** Who waits for which lock, and who holds it, drawn. */
import type { LockWait, Report } from '../api';
import { h, svg } from '../dom';
import { count } from '../format';

const holder = (wait: LockWait) =>
  wait.owner !== undefined ? `thread ${wait.owner}` : wait.owner_gone ? 'nobody that lives' : 'not known';
const MOST_DRAWN = 30;
const ROW = 28;

export function waitGraph(report: Report): HTMLElement | null {
  const waits = report.locks?.waiting ?? [];
  if (waits.length === 0) return null;
  const drawn = waits.slice(0, MOST_DRAWN);
  const inCycle = new Set((report.locks?.deadlocks ?? []).flatMap((cycle) => cycle.threads));
  const columns = [
    [...new Set(drawn.map((wait) => `thread ${wait.thread}`))],
    [...new Set(drawn.map((wait) => `${wait.kind} ${wait.lock}`))],
    [...new Set(drawn.map(holder))],
  ] as const;
  const height = Math.max(...columns.map((column) => column.length)) * ROW + 30;
  const y = (column: number, name: string) => 44 + columns[column]!.indexOf(name) * ROW;
  const edges: SVGElement[] = [];
  for (const wait of drawn) {
    const owner = holder(wait);
    const lock = `${wait.kind} ${wait.lock}`;
    const bad = inCycle.has(wait.thread) && wait.owner !== undefined && inCycle.has(wait.owner);
    const style = bad ? 'edge bad' : 'edge';
    edges.push(svg('line', { class: style, x1: 150, x2: 300, y1: y(0, `thread ${wait.thread}`) - 5, y2: y(1, lock) - 5 }));
    edges.push(svg('line', { class: style, x1: 560, x2: 680, y1: y(1, lock) - 5, y2: y(2, owner) - 5 }));
  }
  const texts = columns.flatMap((column, index) =>
    column.map((name) => svg('text', { x: [10, 310, 690][index]!, y: y(index, name) }, name)));
  const heads = ['waits', 'for', 'held by'].map((name, index) => svg('text', { class: 'head', x: [10, 310, 690][index]!, y: 16 }, name));
  const said = drawn.map((wait) => `thread ${wait.thread} waits for ${wait.kind} ${wait.lock}, held by ${holder(wait)}`);
  return h(
    'section',
    { 'aria-label': 'Locks' },
    h('h2', {}, `Locks: ${count(waits.length)} threads wait${inCycle.size ? `, ${inCycle.size} of them for each other` : ''}`),
    h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Wait-for graph' },
      svg('svg', { class: 'waits', width: 860, height, role: 'img', 'aria-label': said.join('; ') }, ...heads, ...edges, ...texts)),
    waits.length > MOST_DRAWN && h('p', { class: 'weak' }, `${count(waits.length - MOST_DRAWN)} more wait`),
  );
}

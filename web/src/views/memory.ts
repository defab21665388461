import type { Report } from '../api';
import { h, svg } from '../dom';
import { bytes, duration } from '../format';

const PARTS = [
  ['anonymous_bytes', 'anonymous'],
  ['file_bytes', 'of files'],
  ['shared_bytes', 'shared'],
  ['swap_bytes', 'swapped out'],
] as const;

/** Memory by part, beside the limit, and how long is left. */
export function memoryBar(report: Report): HTMLElement | null {
  const memory = report.memory;
  if (!memory) return null;
  const limit = memory['limit_bytes'];
  const parts = PARTS.map(([key, name]) => ({ name, size: memory[key] ?? 0 })).filter((part) => part.size > 0);
  const used = parts.reduce((sum, part) => sum + part.size, 0) || memory.resident_bytes;
  const whole = Math.max(limit ?? 0, used);
  let x = 0;
  const bars = parts.map((part, index) => {
    const width = (part.size / whole) * 1000;
    const bar = svg('rect', { x, y: 0, width, height: 20, class: `part${index}` });
    x += width;
    return bar;
  });
  const left = report.exhaustion_seconds?.['memory'];
  const text = parts.map((part) => `${part.name} ${bytes(part.size)}`).join(', ');
  const bound = limit === undefined ? 'no limit binds' : `limit ${bytes(limit)}`;
  return h(
    'section',
    { 'aria-label': 'Memory' },
    h('h2', {}, `Memory: ${bytes(memory.resident_bytes)} resident, ${bound}${left === undefined ? '' : `, ${duration(left)} left at this pace`}`),
    svg('svg', { class: 'memory', viewBox: '0 0 1000 20', preserveAspectRatio: 'none', role: 'img', 'aria-label': text }, ...bars),
    h('p', { class: 'weak' }, ...parts.flatMap((part, index) => [h('span', { class: `key part${index}` }), `${part.name} ${bytes(part.size)} `])),
  );
}

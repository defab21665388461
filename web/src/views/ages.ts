/** For how long the members of a population have been in their present wait. */
import type { Population } from '../api';
import { h, svg } from '../dom';
import { count, duration } from '../format';

const WIDTH = 600;
const ROW = 22;
const LABEL = 120;

export function ageHistogram(population: Population | undefined, kind: string): HTMLElement | null {
  const ages = population?.ages;
  if (!ages || population.members === 0) return null;
  const names = ages.map((age, index) => {
    if (age.below_seconds !== undefined) return `below ${duration(age.below_seconds).replace('.0', '')}`;
    return `${duration(ages[index - 1]?.below_seconds ?? 0)} and more`;
  });
  const most = Math.max(...ages.map((age) => age.members));
  const bars = ages.flatMap((age, index) => {
    const y = index * ROW;
    const width = age.members === 0 ? 0 : Math.max(1, (age.members / most) * (WIDTH - LABEL - 70));
    return [
      svg('text', { x: LABEL - 8, y: y + 15, class: 'end' }, names[index]!),
      svg('rect', { x: LABEL, y: y + 3, width, height: ROW - 6, class: 'part0' }),
      svg('text', { x: LABEL + width + 6, y: y + 15 }, count(age.members)),
    ];
  });
  const said = ages.map((age, index) => `${count(age.members)} ${names[index]}`).join(', ');
  return h(
    'section',
    { 'aria-label': 'Ages' },
    h('h2', {}, `How long each ${kind} has waited`),
    svg('svg', { class: 'ages', viewBox: `0 0 ${WIDTH} ${ages.length * ROW}`, role: 'img', 'aria-label': said }, ...bars),
  );
}

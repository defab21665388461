/** The agent itself: what it costs, what it leaves out. */
import * as api from '../api';
import { h, replace } from '../dom';
import { bytes, count, duration } from '../format';
import type { View } from './view';

const percent = (value: number) => `${(value * 100).toFixed(value < 0.1 ? 2 : 0)} %`;

export function agent(): View {
  const element = h('div');
  return {
    element,
    title: 'the agent',
    async update() {
      const metrics = await api.ownMetrics();
      const value = (name: string) => metrics.find((metric) => metric.name === name)?.value;
      const build = metrics.find((metric) => metric.name === 'proctor_build_info')?.labels;
      const began = value('process_start_time_seconds');
      const rows: [string, string][] = [
        ['version', build ? `${build['version']} ${build['revision']}` : ''],
        ['running for', began ? duration(Date.now() / 1000 - began) : ''],
        ['resident memory', bytes(value('process_resident_memory_bytes') ?? 0)],
        ['CPU time', duration(value('process_cpu_seconds_total') ?? 0)],
        ['open descriptors', count(value('process_open_fds') ?? 0)],
        ['threads of targets ever stopped', count(value('proctor_stop_seconds_count') ?? 0)],
      ];
      const budgets = metrics.filter((metric) => metric.name === 'proctor_budget_used_ratio');
      const skipped = metrics.filter((metric) => metric.name === 'proctor_skipped_total');
      const looks = metrics.filter((metric) => metric.name === 'proctor_sample_duration_seconds_count');
      const spent = (collector: string) =>
        metrics.find((metric) => metric.name === 'proctor_sample_duration_seconds_sum' && metric.labels['collector'] === collector)?.value ?? 0;
      replace(
        element,
        h('h1', {}, 'The agent'),
        h('dl', {}, ...rows.flatMap(([name, text]) => [h('dt', {}, name), h('dd', {}, text)])),
        h('h2', {}, 'Budgets'),
        ...budgets.map((budget) => {
          const name = budget.labels['resource'] ?? '';
          return h('p', {}, h('label', { for: `budget-${name}` }, `${name}: ${percent(budget.value)} `),
            h('meter', { id: `budget-${name}`, min: 0, max: 1, high: 0.9, value: Math.min(1, budget.value) }, percent(budget.value)));
        }),
        h('h2', {}, 'Looks'),
        h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Looks by collector' },
          h('table', {},
            h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'collector'), h('th', { scope: 'col', class: 'n' }, 'looks'), h('th', { scope: 'col', class: 'n' }, 'mean'))),
            h('tbody', {}, ...looks.map((look) => {
              const collector = look.labels['collector'] ?? '';
              return h('tr', {}, h('th', { scope: 'row' }, collector), h('td', { class: 'n' }, count(look.value)),
                h('td', { class: 'n' }, look.value ? `${((spent(collector) / look.value) * 1000).toFixed(2)} ms` : ''));
            })))),
        h('h2', {}, 'Skipped'),
        skipped.length === 0 ? h('p', {}, 'Nothing was torn, capped or dropped.') :
          h('ul', {}, ...skipped.map((entry) => h('li', {}, `${entry.labels['reason']}: ${count(entry.value)}`))),
      );
    },
  };
}

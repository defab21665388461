/** What is wrong now, and all targets. */
import * as api from '../api';
import { h, replace } from '../dom';
import { bytes, count } from '../format';
import { address, adjust, current } from '../route';
import { findingCard, worstFirst } from './findings';
import type { View } from './view';

const MOST_SHOWN = 200;

type Column = { key: keyof api.TargetLine; title: string; number: boolean; text: (target: api.TargetLine) => string };
const COLUMNS: Column[] = [
  { key: 'name', title: 'target', number: false, text: (target) => target.name },
  { key: 'findings', title: 'findings', number: true, text: (target) => count(target.findings) },
  { key: 'goroutines', title: 'goroutines', number: true, text: (target) => (target.goroutines === undefined ? '' : count(target.goroutines)) },
  { key: 'threads', title: 'threads', number: true, text: (target) => (target.threads === undefined ? '' : count(target.threads)) },
  { key: 'open_fds', title: 'descriptors', number: true, text: (target) => (target.open_fds === undefined ? '' : count(target.open_fds)) },
  { key: 'resident_bytes', title: 'resident', number: true, text: (target) => (target.resident_bytes === undefined ? '' : bytes(target.resident_bytes)) },
];

export function overview(): View {
  const wrong = h('section', { 'aria-label': 'Findings' });
  const table = h('section', { 'aria-label': 'Targets' });
  const filter = h('input', {
    type: 'search', 'aria-label': 'Filter targets', placeholder: 'filter by name, program or number', 'data-filter': true,
    value: current().query.get('filter') ?? '', oninput: () => adjust({ filter: filter.value }),
  });
  const element = h('div', {}, wrong, h('h2', {}, 'Targets'), filter, table);
  let shown: api.TargetLine[] = [];

  function showTargets(): void {
    const { query } = current();
    const wanted = (query.get('filter') ?? '').toLowerCase();
    const sort = (query.get('sort') ?? 'findings') as keyof api.TargetLine;
    const matching = shown.filter((target) => `${target.name} ${target.exe ?? ''} ${target.pid}`.toLowerCase().includes(wanted));
    matching.sort((a, b) => {
      const [x, y] = [a[sort] ?? -1, b[sort] ?? -1];
      const order = typeof x === 'string' ? x.localeCompare(String(y)) : Number(y) - x;
      return order || a.name.localeCompare(b.name);
    });
    const rows = matching.slice(0, MOST_SHOWN).map((target) =>
      h('tr', {}, ...COLUMNS.map((column) =>
        column.key === 'name'
          ? h('th', { scope: 'row' }, h('a', { href: address(['target', target.pid]), 'data-key': `target ${target.pid}` }, target.name), h('span', { class: 'weak' }, ` ${target.pid}`))
          : h('td', { class: 'n' }, column.text(target)))));
    replace(
      table,
      h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Table of targets' },
        h('table', {},
          h('thead', {}, h('tr', {}, ...COLUMNS.map((column) =>
            h('th', { scope: 'col', class: column.number ? 'n' : undefined, 'aria-sort': sort === column.key ? (column.number ? 'descending' : 'ascending') : undefined },
              h('button', { type: 'button', 'data-key': `sort ${column.key}`, onclick: () => adjust({ sort: column.key }) }, column.title))))),
          h('tbody', {}, ...rows))),
      matching.length > MOST_SHOWN && h('p', { class: 'weak' }, `${count(matching.length - MOST_SHOWN)} more: filter to see them`),
      matching.length === 0 && h('p', { class: 'weak' }, 'No target matches.'),
    );
  }

  return {
    element,
    title: 'what is wrong now',
    async update() {
      const [findings, targets] = await Promise.all([api.findings(), api.targets()]);
      shown = targets;
      replace(
        wrong,
        h('h1', {}, findings.length === 0 ? 'Nothing is wrong' : `What is wrong now: ${count(findings.length)}`),
        ...worstFirst(findings).slice(0, MOST_SHOWN).map((finding) => findingCard(finding, finding.pid ?? 0)),
      );
      showTargets();
    },
    adjusted: showTargets,
  };
}

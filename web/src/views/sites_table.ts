/** The sites of one population: sorted and filtered as the address says, each with its stack. */
import type { Site } from '../api';
import { h } from '../dom';
import { bytes, change, count, duration, frame, place, rate, words } from '../format';
import type { Line } from '../populations';
import { adjust } from '../route';

export interface SiteRow extends Line {
  came: number | undefined; // per minute
  went: number | undefined;
  since: number | undefined; // more members than at the moment that it is compared with
}

type Column = { key: string; title: string; value: (row: SiteRow) => number | undefined; text: (row: SiteRow) => string };
const optional = (value: number | undefined, text: (value: number) => string) => (value === undefined ? '' : text(value));
const COLUMNS: Column[] = [
  { key: 'members', title: 'members', value: (row) => row.members, text: (row) => count(row.members) },
  { key: 'since', title: 'change', value: (row) => row.since, text: (row) => optional(row.since, change) },
  { key: 'came', title: 'came/min', value: (row) => row.came, text: (row) => rate(row.came) },
  { key: 'went', title: 'went/min', value: (row) => row.went, text: (row) => rate(row.went) },
  { key: 'oldest', title: 'oldest', value: (row) => row.oldest, text: (row) => optional(row.oldest, duration) },
  { key: 'bytes', title: 'bytes', value: (row) => row.bytes, text: (row) => optional(row.bytes, bytes) },
];
const MOST_SHOWN = 200;

function waits(site: Site): string[] {
  return (site.waits_for ?? []).map((object) => {
    const what = [object.kind, object.address ?? '', object.fd === undefined ? '' : `descriptor ${object.fd}`, object.fd_kind ?? '',
      object.state ?? '', object.peer ?? '', object.pid === undefined ? '' : `process ${object.pid}`,
      object.element_type ? `of ${object.element_type}` : '', object.closed ? 'closed' : ''].filter(Boolean).join(' ');
    return `waits for ${what} (${count(object.members)})`;
  });
}

export function stackOf(site: Site): HTMLElement {
  const lines = [
    ...(site.frames ?? []).map(frame),
    ...(site.truncated ? [`… (${site.truncated})`] : []),
    ...(site.created_by ? [`created by ${frame(site.created_by)}`] : []),
    ...waits(site),
  ];
  return h('pre', {}, lines.join('\n') || 'no stack is known');
}

const textOf = (row: SiteRow) =>
  [place(row.site), row.site.state, row.site.reason, row.site.site, row.verdicts.join(' '), ...(row.site.frames ?? []).map(frame)].join(' ').toLowerCase();

export interface Choice {
  sort: string;
  filter: string;
  open: string; // the id of the site whose stack is shown
  grown: boolean; // only those with more members
}

export function sitesTable(rows: SiteRow[], choice: Choice, since: string): HTMLElement {
  const sort = COLUMNS.find((column) => column.key === choice.sort) ?? COLUMNS[0]!;
  const wanted = choice.filter.toLowerCase();
  const matching = rows.filter((row) => textOf(row).includes(wanted) && (!choice.grown || (row.since ?? 0) > 0));
  matching.sort((a, b) => (sort.value(b) ?? -Infinity) - (sort.value(a) ?? -Infinity) || b.members - a.members);
  const shown = matching.slice(0, MOST_SHOWN);
  const opened = matching.find((row) => row.site.site === choice.open);
  if (opened && !shown.includes(opened)) shown.push(opened);

  const body = shown.flatMap((row) => {
    const id = row.site.site;
    const open = id === choice.open;
    const line = h('tr', { class: row.verdicts.length ? 'bad' : undefined },
      ...COLUMNS.map((column) => h('td', { class: 'n' }, column.text(row))),
      h('td', {}, [row.site.state, row.site.reason].filter(Boolean).join(' ')),
      h('th', { scope: 'row', class: 'where' },
        h('button', { type: 'button', class: 'open', 'data-key': `site ${id}`, 'aria-expanded': open ? 'true' : 'false',
          onclick: () => adjust({ site: open ? '' : id }) }, place(row.site)),
        row.verdicts.length ? h('strong', { class: 'verdict' }, ` ${row.verdicts.map(words).join(', ')}`) : null));
    return open ? [line, h('tr', {}, h('td', { colspan: COLUMNS.length + 2, class: 'stack' }, stackOf(row.site), h('code', {}, `site ${id}`)))] : [line];
  });
  return h('div', {},
    h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Table of sites' },
      h('table', { class: 'sites' },
        h('thead', {}, h('tr', {},
          ...COLUMNS.map((column) =>
            h('th', { scope: 'col', class: 'n', 'aria-sort': column === sort ? 'descending' : undefined },
              h('button', { type: 'button', 'data-key': `sort ${column.key}`, onclick: () => adjust({ sort: column.key }) },
                column.key === 'since' ? `since ${since}` : column.title))),
          h('th', { scope: 'col' }, 'state'), h('th', { scope: 'col' }, 'where'))),
        h('tbody', {}, ...body))),
    matching.length > MOST_SHOWN && h('p', { class: 'weak' }, `${count(matching.length - MOST_SHOWN)} more: filter to see them`),
    matching.length === 0 && h('p', { class: 'weak' }, 'No site matches.'));
}

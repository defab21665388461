/** One process: what is wrong with it, its figures over time, its populations by site, stacks, memory and locks. */
import * as api from '../api';
import { h, replace } from '../dom';
import { clock, count, duration, moment } from '../format';
import { kindsOf, linesOf, type Kind, type Pace } from '../populations';
import { adjust, current } from '../route';
import { ageHistogram } from './ages';
import { Charts } from './charts';
import { findingCard, worstFirst } from './findings';
import { Icicle } from './icicle';
import { memoryBar } from './memory';
import { sitesTable } from './sites_table';
import type { View } from './view';
import { waitGraph } from './waits';

const MOMENTS_OFFERED = 60;
const AN_HOUR = 3_600_000;

export function target(pid: number, pace: Pace): View {
  const head = h('header');
  const findings = h('section', { 'aria-label': 'Findings of this process' });
  const charts = new Charts();
  const icicle = new Icicle();
  const tabs = h('nav', { class: 'tabs', 'aria-label': 'Populations' });
  const sites = h('div');
  const ages = h('div');
  const rest = h('div');
  const filter = h('input', {
    type: 'search', 'aria-label': 'Filter sites', placeholder: 'filter by function, file, state, verdict', 'data-filter': true,
    value: current().query.get('filter') ?? '', oninput: () => adjust({ filter: filter.value }),
  });
  const since = h('select', { id: 'since', onchange: () => { adjust({ since: since.value }); void compare().then(showSites); } });
  const grown = h('input', { type: 'checkbox', id: 'grown', onchange: () => adjust({ grown: grown.checked ? '1' : '' }) });
  const tools = h('div', { class: 'tools' }, filter,
    h('label', { for: 'since' }, 'compare with'), since, grown, h('label', { for: 'grown' }, 'only what grew'));
  const element = h('div', {}, head, findings, charts.element, h('h2', {}, 'Populations'), tabs, tools, sites, ages, icicle.element, rest);
  let last: api.Report | undefined;
  let then: { at: number; moments: number[]; members: Map<string, number> } | undefined;

  /** Asks for the moment that the address names, else for an hour ago: at most as far back as the agent knows. */
  async function compare(): Promise<void> {
    const asked = Number(current().query.get('since') ?? 0);
    const past = await api.past(pid, asked || Date.now() - AN_HOUR);
    then = {
      at: Date.parse(past.at),
      moments: past.moments.map((each) => Date.parse(each)),
      members: new Map(past.sites.map(({ kind, site, members }) => [`${kind} ${site}`, members])),
    };
  }

  function chosenKind(report: api.Report): Kind | undefined {
    const kinds = kindsOf(report);
    const { query } = current();
    const site = query.get('site');
    const asked = query.get('kind');
    const ofSite = site ? kinds.find((kind) => linesOf(report, kind).some((line) => line.site.site === site)) : undefined;
    return kinds.find((kind) => kind === asked) ?? ofSite ?? kinds[0];
  }

  function showMoments(): void {
    const { at = 0, moments = [] } = then ?? {};
    const step = Math.max(1, Math.ceil(moments.length / MOMENTS_OFFERED));
    const offered = moments.filter((each, index) => index % step === 0 || each === at);
    if (since.options.length !== offered.length || since.value !== String(at)) {
      replace(since, ...offered.map((each, index) =>
        h('option', { value: each, selected: each === at }, index === 0 ? `${moment(each)}, the first look` : moment(each))));
    }
  }

  function showSites(): void {
    if (!last) return;
    const { query } = current();
    const kind = chosenKind(last);
    showMoments();
    grown.checked = query.get('grown') === '1';
    replace(tabs, ...kindsOf(last).map((each) =>
      h('button', { type: 'button', 'data-key': `kind ${each}`, 'aria-pressed': each === kind ? 'true' : 'false',
        onclick: () => adjust({ kind: each, site: '' }) }, each, h('span', { class: 'weak' }, ` ${count(linesOf(last!, each).reduce((sum, line) => sum + line.members, 0))}`))));
    if (!kind) return;
    const now = Date.parse(last.taken_at);
    const earlier = then && then.at < now ? then.members : undefined;
    const rows = linesOf(last, kind).map((line) => ({
      ...line,
      ...pace.of(pid, line, now),
      since: earlier && line.members - (earlier.get(`${kind} ${line.site.site}`) ?? 0),
    }));
    const choice = { sort: query.get('sort') ?? 'members', filter: query.get('filter') ?? '', open: query.get('site') ?? '', grown: grown.checked };
    replace(sites, sitesTable(rows, choice, then ? moment(then.at) : ''));
    replace(ages, ageHistogram(last.populations?.[kind], kind));
    icicle.show(rows, kind);
  }

  return {
    element,
    title: `process ${pid}`,
    async update() {
      const [report, history] = await Promise.all([api.report(pid), api.history(pid), compare()]);
      pace.note(pid, report);
      last = report;
      const { target: about } = report;
      this.title = about.name;
      const age = about.started_at ? `, running for ${duration((Date.parse(report.taken_at) - Date.parse(about.started_at)) / 1000)}` : '';
      replace(head,
        h('h1', {}, about.name, h('span', { class: 'weak' }, ` process ${pid}`)),
        h('p', {}, [about.runtime, about.runtime_version, about.module, about.exe].filter(Boolean).join(' · '), age,
          `; looked at ${clock(report.taken_at)} in ${(report.duration_seconds * 1000).toFixed(1)} ms `,
          h('a', { href: `/api/v1/targets/${pid}`, 'data-key': 'json' }, 'JSON')),
        ...report.unknown.map((part) => h('p', { class: 'weak' }, `${part.part} not known: ${part.reason}, ${part.message}`)));
      replace(findings, ...worstFirst(report.findings).map((finding) => findingCard({ ...finding, target: about.name }, pid)));
      charts.show(history);
      showSites();
      replace(rest, memoryBar(report), waitGraph(report));
    },
    adjusted: showSites,
    end: () => charts.end(),
  };
}

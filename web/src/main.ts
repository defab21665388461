/** The page: shows the view that the address names, and asks the agent again every few seconds while it can be seen. */
import 'uplot/dist/uPlot.min.css';
import 'd3-flame-graph/dist/d3-flamegraph.css';
import './app.css';
import { h, replace } from './dom';
import { Pace } from './populations';
import { address, current } from './route';
import { agent } from './views/agent';
import { overview } from './views/overview';
import { target } from './views/target';
import type { View } from './views/view';

const PAUSE = 3000;

const pace = new Pace();
const status = h('span', { role: 'status', class: 'weak' });
const nav = h('nav', { 'aria-label': 'Views', class: 'top' },
  h('a', { href: address([]), class: 'home' }, 'Proctor'), h('a', { href: address(['agent']) }, 'The agent'),
  h('a', { href: '/api/v1/findings' }, 'JSON'), status);
const main = h('main', { id: 'view', tabindex: -1 });
let shown: { place: string; view: View } | undefined;

function viewOf(path: string[]): View {
  if (path[0] === 'target' && /^\d+$/.test(path[1] ?? '')) return target(Number(path[1]), pace);
  if (path[0] === 'agent') return agent();
  return overview();
}

async function refresh(): Promise<void> {
  const asked = shown;
  if (!asked) return;
  try {
    await asked.view.update();
    if (asked !== shown) return;
    document.title = `Proctor: ${asked.view.title}`;
    status.textContent = '';
  } catch (error) {
    if (asked === shown) status.textContent = error instanceof Error ? error.message : 'the agent does not answer';
  }
}

function follow(): void {
  const { path } = current();
  const place = path.join('/');
  if (shown?.place === place) {
    shown.view.adjusted?.();
    return;
  }
  shown?.view.end?.();
  shown = { place, view: viewOf(path) };
  replace(main, shown.view.element);
  void refresh();
}

function keys(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  document.querySelector<HTMLElement>('[data-filter]')?.focus();
}

async function watch(): Promise<never> {
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (!document.hidden) await refresh();
  }
}

document.getElementById('plain')?.setAttribute('hidden', '');
document.getElementById('app')?.replaceChildren(h('a', { class: 'skip', href: '#view', onclick: (event: Event) => { event.preventDefault(); main.focus(); } }, 'To the content'), nav, main);
addEventListener('hashchange', follow);
addEventListener('keydown', keys);
follow();
void watch();

/** Figures of a process over time. */
import uPlot from 'uplot';
import type { History } from '../api';
import { h } from '../dom';
import { bytes, count } from '../format';

const shownAs = (figure: string) => (figure.endsWith('_bytes') ? bytes : count);

const FIRST = ['goroutines', 'threads', 'fds', 'resident_bytes', 'go_heap_live_bytes', 'sockets'];
const rank = (figure: string) => (FIRST.indexOf(figure) + FIRST.length + 1) % (FIRST.length + 1);

/** Times of the day, and the day where it is another one. */
function times(ticks: number[]): string[] {
  const whole = ticks.every((tick) => tick % 60 === 0);
  let day = '';
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const time = date.toLocaleTimeString('en-GB', whole ? { hour: '2-digit', minute: '2-digit' } : {});
    const before = day;
    day = date.toLocaleDateString('en-CA');
    return before && before !== day ? `${day} ${time}` : time;
  });
}

interface Chart {
  plot: uPlot;
  box: HTMLElement;
  caption: HTMLElement;
}

/** A value holds until the next point, the last one until now. */
function steps(points: [number, number][], until: number): uPlot.AlignedData {
  const times = points.map((point) => point[0]);
  const values = points.map((point) => point[1]);
  const last = values.at(-1);
  if (last !== undefined && until > (times.at(-1) ?? until)) {
    times.push(until);
    values.push(last);
  }
  return [times, values];
}

export class Charts {
  readonly element = h('div', { class: 'charts' });
  private readonly charts = new Map<string, Chart>();
  private readonly watcher = new ResizeObserver(() => this.resize());

  constructor() {
    this.watcher.observe(this.element);
  }

  show(history: History): void {
    const until = Date.parse(history.until) / 1000;
    const figures = Object.entries(history.figures).sort(([a], [b]) => rank(a) - rank(b));
    for (const [figure, points] of figures) {
      if (points.length === 0) continue;
      const data = steps(points, until);
      const chart = this.charts.get(figure) ?? this.begin(figure, data);
      chart.plot.setData(data);
      const values = points.map((point) => point[1]);
      const shown = shownAs(figure);
      const text = `${figure.replaceAll('_', ' ')}: ${shown(values.at(-1) ?? 0)} now, ${shown(Math.max(...values))} at most`;
      chart.caption.textContent = text;
      chart.box.setAttribute('aria-label', text);
    }
  }

  private begin(figure: string, data: uPlot.AlignedData): Chart {
    const caption = h('figcaption');
    const box = h('div', { role: 'img' });
    this.element.append(h('figure', {}, caption, box));
    const colour = getComputedStyle(document.documentElement).getPropertyValue('--draw').trim();
    const weak = getComputedStyle(document.documentElement).getPropertyValue('--weak').trim();
    const line = getComputedStyle(document.documentElement).getPropertyValue('--line').trim();
    const axis = { stroke: weak, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const shown = shownAs(figure);
    const plot = new uPlot(
      {
        width: Math.max(200, box.clientWidth),
        height: 140,
        legend: { show: false },
        cursor: { sync: { key: 'figures' } },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
        axes: [{ ...axis, values: (_, ticks) => times(ticks) }, { ...axis, size: 70, values: (_, ticks) => ticks.map((tick) => shown(tick)) }],
        series: [{}, { stroke: colour, width: 1.5, points: { show: false }, paths: uPlot.paths.stepped!({ align: 1 }) }],
      },
      data,
      box,
    );
    const chart = { plot, box, caption };
    this.charts.set(figure, chart);
    return chart;
  }

  private resize(): void {
    for (const { plot, box } of this.charts.values()) plot.setSize({ width: Math.max(200, box.clientWidth), height: 140 });
  }

  end(): void {
    this.watcher.disconnect();
    for (const { plot } of this.charts.values()) plot.destroy();
  }
}

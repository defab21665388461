/** The sites of a report as lines of one table, and how fast they change. */
import type { Report, Site } from './api';

export const KINDS = ['goroutine', 'thread', 'fd', 'mapping', 'timer', 'context', 'allocation'] as const;
export type Kind = (typeof KINDS)[number];

export interface Line {
  kind: Kind;
  site: Site;
  members: number;
  bytes?: number | undefined;
  oldest?: number | undefined;
  arrived?: number | undefined; // ever
  departed?: number | undefined;
  verdicts: string[];
}

const PARTS: Record<Kind, (report: Report) => Site[] | undefined> = {
  goroutine: (report) => report.goroutines?.sites,
  thread: (report) => report.threads?.sites,
  fd: (report) => report.fds?.sites,
  mapping: (report) => report.mappings?.sites,
  timer: (report) => report.timers?.sites,
  context: (report) => report.contexts?.sites,
  allocation: (report) => report.heap?.sites ?? report.growth?.sites,
};

export const kindsOf = (report: Report): Kind[] => KINDS.filter((kind) => (PARTS[kind](report)?.length ?? 0) > 0);

export function linesOf(report: Report, kind: Kind): Line[] {
  return (PARTS[kind](report) ?? []).map((site) => ({
    kind,
    site,
    members: site.members ?? site.live_objects ?? 0,
    bytes: site.stack_bytes ?? site.mapped_bytes ?? site.live_bytes,
    oldest: site.oldest_seconds,
    arrived: site.arrivals_total ?? site.allocated_objects,
    departed: site.departures_total,
    verdicts: report.findings.filter((finding) => finding.site === site.site).map((finding) => finding.kind),
  }));
}

interface Moment {
  at: number; // milliseconds
  sites: Map<string, { arrived?: number | undefined; departed?: number | undefined }>;
}

const WINDOW = 5 * 60_000;
const MINUTE = 60_000;

/** How fast members come and go, of each process that is looked at here, over the last five minutes. */
export class Pace {
  private readonly moments = new Map<number, Moment[]>();

  note(pid: number, report: Report): void {
    const at = Date.parse(report.taken_at);
    const known = this.moments.get(pid) ?? [];
    if (known.at(-1)?.at === at) return;
    const sites: Moment['sites'] = new Map();
    for (const kind of kindsOf(report)) {
      for (const { site, arrived, departed } of linesOf(report, kind)) sites.set(`${kind} ${site.site}`, { arrived, departed });
    }
    known.push({ at, sites });
    this.moments.set(pid, known.filter((moment) => at - moment.at <= WINDOW));
  }

  /** Per minute. Nothing before the second look. */
  of(pid: number, line: Line, now: number): { came: number | undefined; went: number | undefined } {
    const before = this.moments.get(pid)?.[0];
    const then = before?.sites.get(`${line.kind} ${line.site.site}`);
    const minutes = before ? (now - before.at) / MINUTE : 0;
    if (!then || minutes <= 0) return { came: undefined, went: undefined };
    const perMinute = (total?: number, earlier?: number) =>
      total === undefined || earlier === undefined ? undefined : Math.max(0, total - earlier) / minutes;
    return { came: perMinute(line.arrived, then.arrived), went: perMinute(line.departed, then.departed) };
  }
}

/** The sites of a report as lines of one table, and what became of them since other moments. */
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
  sites: Map<string, { members: number; arrived?: number | undefined; departed?: number | undefined }>;
}

const MOST_MOMENTS = 720;
const APART = 60_000;

/** What each process looked like at moments since the page was opened: one a minute, and the last ones closer. */
export class Past {
  private readonly moments = new Map<number, Moment[]>();

  note(pid: number, report: Report): void {
    const at = Date.parse(report.taken_at);
    const known = this.moments.get(pid) ?? [];
    if (known.at(-1)?.at === at) return;
    const sites: Moment['sites'] = new Map();
    for (const kind of kindsOf(report)) {
      for (const { site, members, arrived, departed } of linesOf(report, kind)) {
        sites.set(`${kind} ${site.site}`, { members, arrived, departed });
      }
    }
    // The one before the last goes where those around it are close together.
    const before = known.at(-2);
    if (before && known.length > 2 && at - before.at < APART) known.splice(-1, 1);
    known.push({ at, sites });
    if (known.length > MOST_MOMENTS) known.splice(1, 1);
    this.moments.set(pid, known);
  }

  of(pid: number): readonly Moment[] {
    return this.moments.get(pid) ?? [];
  }

  at(pid: number, moment: number): Moment | undefined {
    return this.of(pid).findLast((known) => known.at <= moment) ?? this.of(pid)[0];
  }

  /** Per minute, since the oldest moment of the last five minutes. Nothing before the second. */
  pace(pid: number, line: Line, now: number): { came: number | undefined; went: number | undefined } {
    const before = this.of(pid).find((moment) => now - moment.at <= 5 * APART);
    const then = before?.sites.get(`${line.kind} ${line.site.site}`);
    const minutes = before ? (now - before.at) / APART : 0;
    if (!then || minutes <= 0) return { came: undefined, went: undefined };
    const perMinute = (total?: number, earlier?: number) =>
      total === undefined || earlier === undefined ? undefined : Math.max(0, total - earlier) / minutes;
    return { came: perMinute(line.arrived, then.arrived), went: perMinute(line.departed, then.departed) };
  }
}

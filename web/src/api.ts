/** What the agent answers, as far as the page uses it. */

export interface Frame {
  function?: string;
  file?: string;
  line?: number;
}

export interface WaitObject {
  kind: string;
  members: number;
  address?: string;
  fd?: number;
  fd_kind?: string;
  state?: string;
  peer?: string;
  pid?: number;
  element_type?: string;
  length?: number;
  capacity?: number;
  closed?: boolean;
}

export interface Site extends Frame {
  site: string;
  members?: number;
  name?: string;
  state?: string;
  reason?: string;
  module?: string;
  created_by?: Frame;
  oldest_seconds?: number;
  stack_bytes?: number;
  mapped_bytes?: number;
  arrivals_total?: number;
  departures_total?: number;
  unreachable?: number;
  frames?: Frame[];
  truncated?: string;
  waits_for?: WaitObject[];
  live_objects?: number;
  live_bytes?: number;
  allocated_objects?: number;
}

export interface Finding extends Frame {
  target?: string;
  pid?: number;
  kind: string;
  certainty: string;
  site?: string;
  name?: string;
  since: string;
  per_second: number;
  members: number;
  oldest_seconds: number;
  says: string;
  advice: string;
  consequence_of?: { kind: string; site: string };
}

export interface TargetLine {
  pid: number;
  name: string;
  runtime: string;
  runtime_version?: string;
  exe?: string;
  module?: string;
  started_at?: string;
  last_sample: string;
  goroutines?: number;
  threads?: number;
  open_fds?: number;
  resident_bytes?: number;
  findings: number;
}

export interface LockWait {
  thread: number;
  lock: string;
  kind: string;
  owner?: number;
  owner_gone?: boolean;
}

export interface Population {
  members: number;
  arrivals_total: number;
  departures_total: number;
  ages?: { members: number; below_seconds?: number }[];
}

export interface Report {
  target: TargetLine;
  taken_at: string;
  duration_seconds: number;
  goroutines?: { total: number; user: number; states: Record<string, number>; sites: Site[] };
  threads?: { total: number; states: Record<string, number>; blocked: Record<string, number>; sites: Site[] };
  locks?: { waiting: LockWait[]; deadlocks: { threads: number[] }[] };
  fds?: { open: number; limit?: number; sampled?: boolean; kinds: Record<string, number>; sites: Site[] };
  memory?: Record<string, number> & { resident_bytes: number };
  mappings?: { total: number; sites: Site[] };
  timers?: { total: number; sites: Site[] };
  contexts?: { total: number; sites: Site[] };
  heap?: { sites?: Site[]; live_bytes?: number; stack_bytes?: number };
  growth?: { sites?: Site[] };
  populations?: Record<string, Population>;
  exhaustion_seconds?: Record<string, number>;
  unknown: { part: string; reason: string; message: string }[];
  findings: Finding[];
}

export interface History {
  until: string;
  figures: Record<string, [number, number][]>;
}

/** How many members the sites of a process had at a moment, and which moments are known. */
export interface Past {
  at: string;
  moments: string[]; // oldest first
  sites: { kind: string; site: string; members: number }[];
}

/** One sample of the agent's own metrics. */
export interface Metric {
  name: string;
  labels: Record<string, string>;
  value: number;
}

async function answer(path: string): Promise<Response> {
  const response = await fetch(path, { headers: { Accept: 'application/json, text/plain' } });
  if (!response.ok) {
    const text = await response.text();
    const said = /"error":"([^"]*)"/.exec(text)?.[1];
    throw new Error(said ?? `${path}: ${response.status}`);
  }
  return response;
}

async function json<T>(path: string): Promise<T> {
  return (await (await answer(path)).json()) as T;
}

export const targets = async () => (await json<{ targets: TargetLine[] }>('/api/v1/targets')).targets;
export const findings = async () => (await json<{ findings: Finding[] }>('/api/v1/findings')).findings;
export const report = (pid: number) => json<Report>(`/api/v1/targets/${pid}`);
/** At the last moment that is not after `at`, in milliseconds; else at the first. */
export const past = (pid: number, at: number) => json<Past>(`/api/v1/sites?pid=${pid}&at=${Math.floor(at / 1000)}`);
export const history = (pid: number) => json<History>(`/api/v1/history?pid=${pid}`);

/** Those of the agent itself: what belongs to a target is left out. */
export async function ownMetrics(): Promise<Metric[]> {
  const link = document.querySelector<HTMLAnchorElement>('#plain a[data-metrics]');
  const text = await (await answer(link?.getAttribute('href') ?? '/metrics')).text();
  const metrics: Metric[] = [];
  for (const line of text.split('\n')) {
    const parts = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!parts?.[1] || (parts[2] ?? '').startsWith('target=')) continue;
    const labels: Record<string, string> = {};
    for (const label of (parts[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) labels[label[1]!] = label[2]!;
    metrics.push({ name: parts[1], labels, value: Number(parts[3]) });
  }
  return metrics;
}

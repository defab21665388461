import type { Finding } from '../api';
import { h } from '../dom';
import { clock, frame, words } from '../format';
import { address } from '../route';

/** Worst first: what is proven, then what brings others about, then by how fast it grows. */
export function worstFirst(findings: Finding[]): Finding[] {
  const order = (finding: Finding) => [finding.consequence_of ? 1 : 0, finding.certainty === 'proven' ? 0 : 1, -finding.per_second];
  return findings.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)];
    for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
    return 0;
  });
}

export function findingCard(finding: Finding, pid: number): HTMLElement {
  const where = finding.site ? address(['target', pid], { site: finding.site }) : address(['target', pid]);
  return h(
    'article',
    { class: `finding${finding.consequence_of ? ' consequence' : ''}` },
    h(
      'h2',
      {},
      h('a', { href: where, 'data-key': `finding ${pid} ${finding.kind} ${finding.site ?? ''}` }, words(finding.kind)),
      ` in ${finding.target ?? ''}`,
      h('span', { class: 'weak' }, ` ${finding.certainty}, since ${clock(finding.since)}`),
    ),
    h('p', {}, finding.says),
    frame(finding) && h('p', {}, h('code', {}, frame(finding))),
    finding.advice && h('p', { class: 'weak' }, finding.advice),
  );
}

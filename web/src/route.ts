/** Where the page is, as its address says: #/target/42?kind=goroutine&sort=oldest. So every view can be shared. */

export interface Route {
  path: string[];
  query: URLSearchParams;
}

export function current(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function address(path: (string | number)[], query: Record<string, string> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${text ? `?${text}` : ''}`;
}

/** Changes what the address asks of the view, without a step in the history of the browser. */
export function adjust(changes: Record<string, string>): void {
  const route = current();
  const query = { ...Object.fromEntries(route.query), ...changes };
  history.replaceState(null, '', address(route.path, query));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Figures and places as people read them. */
import type { Frame, Site } from './api';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value: number): string {
  let scaled = Math.abs(value);
  let unit = 0;
  while (scaled >= 1024 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  const digits = unit === 0 || scaled >= 100 ? 0 : 1;
  return `${value < 0 ? '−' : ''}${scaled.toFixed(digits)} ${UNITS[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  const minutes = Math.floor((seconds % 3600) / 60);
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h${minutes ? ` ${minutes} min` : ''}`;
  return `${Math.floor(seconds / 86400)} d`;
}

export const count = (value: number) => value.toLocaleString('en');

/** With a sign, as a change is told. */
export const change = (value: number) => (value > 0 ? `+${count(value)}` : value < 0 ? `−${count(-value)}` : '0');

export function rate(perMinute: number | undefined): string {
  if (perMinute === undefined) return '–';
  return perMinute === 0 ? '0' : perMinute >= 10 ? count(Math.round(perMinute)) : perMinute.toFixed(1);
}

export function clock(moment: number | string): string {
  return new Date(moment).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** With its day, where that is another than today's. */
export function moment(at: number): string {
  const day = new Date(at).toDateString();
  if (day === new Date().toDateString()) return clock(at);
  return `${new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clock(at)}`;
}

export function frame(place: Frame): string {
  const where = place.file ? `${place.file}${place.line ? `:${place.line}` : ''}` : '';
  return [place.function, where].filter(Boolean).join(' ');
}

export function place(site: Site): string {
  return [site.name, frame(site)].filter(Boolean).join(' in ') || site.reason || 'other sites';
}

/** "goroutine_leak" as words. */
export const words = (kind: string) => kind.replaceAll('_', ' ');

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';
import type { RaceResult } from './race.ts';
import type { Table } from './section.ts';

export interface Measured {
  readonly title: string;
  readonly about: string;
  readonly seconds: number;
  readonly races: readonly RaceResult[];
  readonly tables: readonly Table[];
}

export interface SectionResult extends Measured {
  readonly name: string;
  readonly commit: string;
  readonly at: string;
  readonly machine: {
    readonly processor: string;
    readonly system: string;
    readonly node: string;
    readonly load: number;
  };
}

const CODE = ['src', 'adapters', 'bench'];
const folder = resolve('bench/results');
const fileOf = (name: string): string => join(folder, `${name}.json`);

/** Returns the last commit that changed the measured code. Uncommitted changes add ", changed". */
export function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return `${git('log', '-1', '--format=%h', '--', ...CODE)}${git('status', '--porcelain', ...CODE) === '' ? '' : ', changed'}`;
}

export function saveResult(name: string, measured: Measured): void {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = {
    processor: `${cpus().length} × ${first?.model.trim()}, ${gigabytes} GB`,
    system: `${type()} ${release()}`,
    node: process.version,
    load: Number(loadavg()[1]?.toFixed(2)),
  };
  const result: SectionResult = { name, commit: commit(), at: new Date().toISOString(), machine, ...measured };
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(result, null, 2)}\n`);
}

export const readResult = (name: string): SectionResult | null =>
  existsSync(fileOf(name)) ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : null;

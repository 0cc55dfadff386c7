/**
 * One stage of Stockham's transform: `groups · stride` butterflies of one radix, each output turned by its twiddle.
 * Input r of a butterfly lies `r · groups · stride` behind the first, output r `r · stride` behind the first.
 */
export interface Stage {
  radix: number;
  groups: number;
  stride: number;
  /** cos and sin of 2π · i / (groups · radix). */
  cos: Float64Array;
  sin: Float64Array;
}

type Signal = Float64Array;

/** Runs a stage from (re, im) to (toRe, toIm). */
export function runStage(stage: Stage, re: Signal, im: Signal, toRe: Signal, toIm: Signal): void {
  const run = { 2: radix2, 3: radix3, 4: radix4, 5: radix5 }[stage.radix] ?? anyRadix;
  run(stage, re, im, toRe, toIm);
}

function radix2(
  { groups, stride, cos, sin }: Stage,
  re: Signal,
  im: Signal,
  toRe: Signal,
  toIm: Signal,
): void {
  const step = groups * stride;
  for (let group = 0; group < groups; group++) {
    const c = cos[group]!;
    const s = sin[group]!;
    for (let k = 0; k < stride; k++) {
      const a = stride * group + k;
      const b = a + step;
      const to = 2 * stride * group + k;
      const dr = re[a]! - re[b]!;
      const di = im[a]! - im[b]!;
      toRe[to] = re[a]! + re[b]!;
      toIm[to] = im[a]! + im[b]!;
      toRe[to + stride] = dr * c + di * s;
      toIm[to + stride] = di * c - dr * s;
    }
  }
}

const SIN_60 = Math.sqrt(3) / 2;

function radix3(
  { groups, stride, cos, sin }: Stage,
  re: Signal,
  im: Signal,
  toRe: Signal,
  toIm: Signal,
): void {
  const step = groups * stride;
  for (let group = 0; group < groups; group++) {
    const c1 = cos[group]!;
    const s1 = sin[group]!;
    const c2 = cos[2 * group]!;
    const s2 = sin[2 * group]!;
    for (let k = 0; k < stride; k++) {
      const a = stride * group + k;
      const b = a + step;
      const c = b + step;
      const to = 3 * stride * group + k;
      const sr = re[b]! + re[c]!;
      const si = im[b]! + im[c]!;
      const mr = re[a]! - sr / 2;
      const mi = im[a]! - si / 2;
      const dr = SIN_60 * (im[b]! - im[c]!);
      const di = SIN_60 * (re[c]! - re[b]!);
      toRe[to] = re[a]! + sr;
      toIm[to] = im[a]! + si;
      toRe[to + stride] = (mr + dr) * c1 + (mi + di) * s1;
      toIm[to + stride] = (mi + di) * c1 - (mr + dr) * s1;
      toRe[to + 2 * stride] = (mr - dr) * c2 + (mi - di) * s2;
      toIm[to + 2 * stride] = (mi - di) * c2 - (mr - dr) * s2;
    }
  }
}

function radix4(
  { groups, stride, cos, sin }: Stage,
  re: Signal,
  im: Signal,
  toRe: Signal,
  toIm: Signal,
): void {
  const step = groups * stride;
  for (let group = 0; group < groups; group++) {
    const c1 = cos[group]!;
    const s1 = sin[group]!;
    const c2 = cos[2 * group]!;
    const s2 = sin[2 * group]!;
    const c3 = cos[3 * group]!;
    const s3 = sin[3 * group]!;
    for (let k = 0; k < stride; k++) {
      const a = stride * group + k;
      const b = a + step;
      const c = b + step;
      const d = c + step;
      const to = 4 * stride * group + k;
      const acr = re[a]! + re[c]!;
      const aci = im[a]! + im[c]!;
      const bdr = re[b]! + re[d]!;
      const bdi = im[b]! + im[d]!;
      const xr = re[a]! - re[c]!;
      const xi = im[a]! - im[c]!;
      const yr = im[b]! - im[d]!;
      const yi = re[d]! - re[b]!;
      toRe[to] = acr + bdr;
      toIm[to] = aci + bdi;
      toRe[to + stride] = (xr + yr) * c1 + (xi + yi) * s1;
      toIm[to + stride] = (xi + yi) * c1 - (xr + yr) * s1;
      toRe[to + 2 * stride] = (acr - bdr) * c2 + (aci - bdi) * s2;
      toIm[to + 2 * stride] = (aci - bdi) * c2 - (acr - bdr) * s2;
      toRe[to + 3 * stride] = (xr - yr) * c3 + (xi - yi) * s3;
      toIm[to + 3 * stride] = (xi - yi) * c3 - (xr - yr) * s3;
    }
  }
}

const COS_72 = Math.cos((2 * Math.PI) / 5);
const SIN_72 = Math.sin((2 * Math.PI) / 5);
const COS_144 = Math.cos((4 * Math.PI) / 5);
const SIN_144 = Math.sin((4 * Math.PI) / 5);

function radix5(
  { groups, stride, cos, sin }: Stage,
  re: Signal,
  im: Signal,
  toRe: Signal,
  toIm: Signal,
): void {
  const step = groups * stride;
  for (let group = 0; group < groups; group++) {
    for (let k = 0; k < stride; k++) {
      const a = stride * group + k;
      const b = a + step;
      const c = b + step;
      const d = c + step;
      const e = d + step;
      const to = 5 * stride * group + k;
      const sr1 = re[b]! + re[e]!;
      const si1 = im[b]! + im[e]!;
      const sr2 = re[c]! + re[d]!;
      const si2 = im[c]! + im[d]!;
      const dr1 = re[b]! - re[e]!;
      const di1 = im[b]! - im[e]!;
      const dr2 = re[c]! - re[d]!;
      const di2 = im[c]! - im[d]!;
      const mr1 = re[a]! + COS_72 * sr1 + COS_144 * sr2;
      const mi1 = im[a]! + COS_72 * si1 + COS_144 * si2;
      const mr2 = re[a]! + COS_144 * sr1 + COS_72 * sr2;
      const mi2 = im[a]! + COS_144 * si1 + COS_72 * si2;
      const nr1 = SIN_72 * di1 + SIN_144 * di2;
      const ni1 = -SIN_72 * dr1 - SIN_144 * dr2;
      const nr2 = SIN_144 * di1 - SIN_72 * di2;
      const ni2 = -SIN_144 * dr1 + SIN_72 * dr2;
      toRe[to] = re[a]! + sr1 + sr2;
      toIm[to] = im[a]! + si1 + si2;
      turn(toRe, toIm, to + stride, mr1 + nr1, mi1 + ni1, cos[group]!, sin[group]!);
      turn(toRe, toIm, to + 2 * stride, mr2 + nr2, mi2 + ni2, cos[2 * group]!, sin[2 * group]!);
      turn(toRe, toIm, to + 3 * stride, mr2 - nr2, mi2 - ni2, cos[3 * group]!, sin[3 * group]!);
      turn(toRe, toIm, to + 4 * stride, mr1 - nr1, mi1 - ni1, cos[4 * group]!, sin[4 * group]!);
    }
  }
}

/** By the definition: for prime factors that have no code of their own. */
function anyRadix(
  { radix, groups, stride, cos, sin }: Stage,
  re: Signal,
  im: Signal,
  toRe: Signal,
  toIm: Signal,
): void {
  const step = groups * stride;
  for (let group = 0; group < groups; group++)
    for (let k = 0; k < stride; k++) {
      const from = stride * group + k;
      for (let r = 0; r < radix; r++) {
        let sumRe = 0;
        let sumIm = 0;
        for (let j = 0; j < radix; j++) {
          const angle = ((r * j) % radix) * groups;
          const c = cos[angle]!;
          const s = sin[angle]!;
          sumRe += re[from + j * step]! * c + im[from + j * step]! * s;
          sumIm += im[from + j * step]! * c - re[from + j * step]! * s;
        }
        turn(
          toRe,
          toIm,
          radix * stride * group + k + r * stride,
          sumRe,
          sumIm,
          cos[group * r]!,
          sin[group * r]!,
        );
      }
    }
}

function turn(toRe: Signal, toIm: Signal, to: number, re: number, im: number, c: number, s: number): void {
  toRe[to] = re * c + im * s;
  toIm[to] = im * c - re * s;
}

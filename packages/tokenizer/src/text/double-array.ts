import { compareCodePoints } from './code-points.ts';

const utf8 = new TextEncoder();
const BLOCK = 256;
/** Blocks that are still tried when a place is looked for; older ones are nearly full. */
const OPEN_BLOCKS = 16;
const IS_LEAF = 0x80000000;
const HAS_LEAF = 0x100;

/** A state of the automaton: the value of a key that ends here, or -1, and where bytes lead. */
interface State {
  value: number;
  labels: number[];
  targets: State[];
  base: number;
}

/**
 * Builds the double array of Darts-clone that `CharsMap` reads: from the UTF-8 of keys to values below 2^31. Equal
 * endings with equal values share their units, as in the original.
 * @throws where it would need more than 2^21 units
 */
export function buildDoubleArray(entries: ReadonlyMap<string, number>): Uint32Array {
  const keys = [...entries.keys()].sort(compareCodePoints);
  const bytes = keys.map((key) => utf8.encode(key));
  const known = new Map<string, State>();
  const numbers = new Map<State, number>();
  const stateOf = (from: number, to: number, depth: number): State => {
    const ends = bytes[from]!.length === depth;
    const state: State = { value: ends ? entries.get(keys[from]!)! : -1, labels: [], targets: [], base: 0 };
    for (let start = ends ? from + 1 : from; start < to; ) {
      const label = bytes[start]![depth]!;
      let end = start + 1;
      while (end < to && bytes[end]![depth] === label) end++;
      state.labels.push(label);
      state.targets.push(stateOf(start, end, depth + 1));
      start = end;
    }
    const what = `${state.value} ${state.labels} ${state.targets.map((each) => numbers.get(each))}`;
    const same = known.get(what);
    if (same) return same;
    known.set(what, state);
    numbers.set(state, known.size);
    return state;
  };
  if (keys.length === 0) return new Uint32Array(0);
  const root = stateOf(0, keys.length, 0);
  return layOut(root, [...known.values()]);
}

/** Gives every state a base such that the units `base ^ label` of all states are apart, and writes the units. */
function layOut(root: State, states: State[]): Uint32Array {
  const used: boolean[] = [];
  const isBase: boolean[] = [];
  const free: number[] = []; // by block
  let firstOpen = 0;
  const addBlock = () => {
    free.push(BLOCK);
    for (let i = 0; i < BLOCK; i++) {
      used.push(false);
      isBase.push(false);
    }
  };
  const placeIn = (block: number, labels: number[]): number => {
    for (let base = block * BLOCK; base < (block + 1) * BLOCK; base++) {
      if (!isBase[base] && labels.every((label) => !used[base ^ label])) return base;
    }
    return -1;
  };
  addBlock();
  used[0] = true; // the root's own unit
  isBase[0] = true; // a root that leads to itself is refused by the original
  free[0]!--;
  // The widest first: they are the hardest to place.
  const width = ({ labels, value }: State) => labels.length + (value >= 0 ? 1 : 0);
  for (const state of states.toSorted((a, b) => width(b) - width(a))) {
    const labels = state.value >= 0 ? [0, ...state.labels] : state.labels;
    let base = -1;
    for (let block = firstOpen; base < 0; block++) {
      if (block === free.length) addBlock();
      if (free[block]! >= labels.length) base = placeIn(block, labels);
    }
    firstOpen = Math.max(firstOpen, free.length - OPEN_BLOCKS);
    state.base = base;
    isBase[base] = true;
    for (const label of labels) used[base ^ label] = true;
    free[Math.floor(base / BLOCK)]! -= labels.length;
  }
  const units = new Uint32Array(used.length);
  for (let block = 0; block < units.length; block += BLOCK) {
    // A step arrives at a unit only from the base that its label says: one that no state has keeps all away.
    const nobody = Math.max(block, isBase.indexOf(false, block));
    for (let i = block; i < block + BLOCK; i++) units[i] = (i ^ nobody) & 0xff;
  }
  units[0] = unitOf(0, 0, root);
  for (const { value, labels, targets, base } of states) {
    if (value >= 0) units[base] = IS_LEAF | value;
    labels.forEach((label, i) => {
      units[base ^ label] = unitOf(base ^ label, label, targets[i]!);
    });
  }
  return units;
}

function unitOf(at: number, label: number, target: State): number {
  const offset = at ^ target.base;
  if (offset >= 2 ** 21) throw new Error('normalization rules: too many for a precompiled charsmap');
  return (offset << 10) | (target.value >= 0 ? HAS_LEAF : 0) | label;
}

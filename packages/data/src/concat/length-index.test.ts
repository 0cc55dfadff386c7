import { expect, test } from 'vitest';
import { LengthIndex } from './length-index.ts';
import { Random } from './random.ts';

/** The readable twin: looks at every clip. Of equally long ones the last that came. */
class SlowIndex {
  #clips: { clip: number; bin: number }[] = [];
  add(clip: number, length: number) {
    this.#clips.push({ clip, bin: Math.ceil(length / 10) });
  }
  remove(clip: number) {
    this.#clips = this.#clips.filter((each) => each.clip !== clip);
  }
  longest(room: number) {
    let best = { clip: -1, bin: -1 };
    for (const each of this.#clips)
      if (each.bin <= Math.floor(room / 10) && each.bin >= best.bin) best = each;
    return best.clip;
  }
}

test('finds what a search through all clips finds', () => {
  const random = new Random(3);
  for (const limit of [400, 30_000, 700_000]) {
    const [fast, slow] = [new LengthIndex(500, limit), new SlowIndex()];
    const inside: number[] = [];
    let next = 0;
    for (let step = 0; step < 2000; step++) {
      if (next < 500 && random.unit() < 0.5) {
        const length = 1 + random.below(limit);
        fast.add(next, length);
        slow.add(next, length);
        inside.push(next++);
      } else if (inside.length > 0 && random.unit() < 0.5) {
        const [clip] = inside.splice(random.below(inside.length), 1);
        fast.remove(clip!);
        slow.remove(clip!);
      }
      const room = random.below(limit * 1.2) - 50;
      expect(fast.longest(room)).toBe(slow.longest(room));
    }
  }
});

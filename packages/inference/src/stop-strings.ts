/**
 * Watches streamed text for stop strings. A stop string may begin in one piece of text and end in a later one,
 * so the end of the text that could still become one is held back.
 */
export class StopStrings {
  private readonly stops: readonly string[];
  private held = '';

  /** @throws Error when a stop string is empty */
  constructor(stops: readonly string[]) {
    if (stops.includes('')) throw new Error('a stop string must not be empty');
    this.stops = stops;
  }

  /** Takes more text; returns what is safe to show, without the stop string and what follows it. */
  push(text: string): { text: string; stopped: boolean } {
    this.held += text;
    const ends = this.stops.map((stop) => this.held.indexOf(stop)).filter((at) => at >= 0);
    if (ends.length > 0) {
      const safe = this.held.slice(0, Math.min(...ends));
      this.held = '';
      return { text: safe, stopped: true };
    }
    return { text: this.release(this.held.length - this.undecided()), stopped: false };
  }

  /** The text still held back, once no more comes. */
  flush(): string {
    return this.release(this.held.length);
  }

  private release(length: number): string {
    const text = this.held.slice(0, length);
    this.held = this.held.slice(length);
    return text;
  }

  /** Length of the longest end of the held text that begins some stop string. */
  private undecided(): number {
    let longest = 0;
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, this.held.length); length > longest; length--) {
        if (this.held.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

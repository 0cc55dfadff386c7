/** What a program has written, up to a limit that both streams share. */
export class Output {
  /** @param {number} limit bytes */
  constructor(limit) {
    this.limit = limit;
    /** @type {Record<'stdout' | 'stderr', Uint8Array[]>} */
    this.chunks = { stdout: [], stderr: [] };
    this.bytes = 0;
    /** Whether there was more than the limit. */
    this.overflow = false;
  }

  reset() {
    this.chunks = { stdout: [], stderr: [] };
    this.bytes = 0;
    this.overflow = false;
  }

  /**
   * @param {'stdout' | 'stderr'} stream
   * @param {Uint8Array} chunk copied
   * @returns whether all of it was taken
   */
  write(stream, chunk) {
    const room = this.limit - this.bytes;
    const taken = chunk.slice(0, Math.max(0, room));
    if (taken.length > 0) this.chunks[stream].push(taken);
    this.bytes += taken.length;
    if (taken.length < chunk.length) this.overflow = true;
    return !this.overflow;
  }

  /** @param {'stdout' | 'stderr'} stream */
  text(stream) {
    return new TextDecoder().decode(Buffer.concat(this.chunks[stream]));
  }
}

import type { DecodeStream } from '../decode-stream.ts';
import type { SentencePieceModel } from './model-file.ts';
import { RULE_WINDOW, SentencePieceNormalizer } from './normalizer.ts';

/** Rewrites what another stream decodes by the model's denormalization rules, as soon as no more text can matter. */
export class DenormalizingStream implements DecodeStream {
  readonly #inner: DecodeStream;
  readonly #normalizer: SentencePieceNormalizer;
  #waiting = '';

  constructor(inner: DecodeStream, model: SentencePieceModel) {
    this.#inner = inner;
    const normalizer = {
      name: '',
      precompiledCharsmap: model.denormalizerCharsmap,
      addDummyPrefix: false,
      removeExtraWhitespaces: false,
      escapeWhitespaces: false,
    };
    this.#normalizer = new SentencePieceNormalizer({ ...model, normalizer }, []);
  }

  push(ids: number | Iterable<number>): string {
    this.#waiting += this.#inner.push(ids);
    const limit = this.#waiting.length - RULE_WINDOW;
    if (limit <= 0) return '';
    const { text, positions } = this.#normalizer.normalize(this.#waiting);
    // Up to the beginning of the last rule or character before which all is certain.
    let end = text.length;
    while (end > 0 && positions[end]! > limit) end--;
    const cut = positions[end]!;
    while (end > 0 && positions[end - 1] === cut) end--;
    this.#waiting = this.#waiting.slice(cut);
    return text.slice(0, end);
  }

  end(): string {
    const text = this.#normalizer.normalizeText(this.#waiting + this.#inner.end());
    this.#waiting = '';
    return text;
  }
}

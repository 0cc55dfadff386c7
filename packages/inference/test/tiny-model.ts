import { CausalLM } from '@attune/models';

/** A model small enough for the plain JavaScript backend, with logits far enough apart to be interesting. */
export function tinyModel({ seed = 1, contextLength = 64, hidden = 16 } = {}): CausalLM {
  return CausalLM.fromConfig(
    {
      model_type: 'qwen3',
      vocab_size: 40,
      hidden_size: hidden,
      intermediate_size: hidden * 2,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: hidden / 4,
      max_position_embeddings: contextLength,
      tie_word_embeddings: true,
      initializer_range: 0.5,
    },
    { seed },
  );
}

/** One character per token, over two alphabets' worth of ids. */
export const letters = {
  decode: (ids: readonly number[]) => ids.map((id) => String.fromCharCode(0x61 + (id % 26))).join(''),
};

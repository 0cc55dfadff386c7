import type { Reward, RewardRow } from '../reward.ts';
import { checkers, type InstructionArguments } from './checkers.ts';

/** Options of `instructions`. */
export interface InstructionsOptions {
  /** `strict` (default) takes the response as it is; `loose` also without its first line, last line and asterisks. */
  mode?: 'strict' | 'loose';
  /** Give the share of the instructions that are followed, not all or nothing. Default false. */
  partial?: boolean;
  /** Column of the instructions' names. Default `instruction_id_list`, as in the IFEval data set. */
  names?: string;
  /** Column of their arguments: a list of objects, or it as JSON. Default `kwargs`. */
  arguments?: string;
}

/** Whether a response follows an instruction. @throws when the instruction is unknown or lacks an argument */
export function followsInstruction(
  response: string,
  name: string,
  args: InstructionArguments = {},
  mode: 'strict' | 'loose' = 'strict',
): boolean {
  const check = Object.hasOwn(checkers, name) ? checkers[name] : undefined;
  if (!check)
    throw new Error(
      `instructions: no instruction is called ${JSON.stringify(name)}; there are ${Object.keys(checkers).join(', ')}`,
    );
  const variants = mode === 'strict' ? [response] : looseVariants(response);
  // Each is checked, so that a missing argument is found whatever the response.
  return variants.map((text) => check(text, args) && text.trim() !== '').includes(true);
}

/**
 * 1 when the completion follows all of the row's instructions, else 0, or the share that it follows. The kinds are the 25
 * of IFEval (arXiv 2311.07911), and rows are its data set's: `instruction_id_list` and `kwargs`.
 */
export function instructions(options: InstructionsOptions = {}): Reward {
  const { mode = 'strict', partial = false } = options;
  const { names = 'instruction_id_list', arguments: kwargs = 'kwargs' } = options;
  return (completion, row) => {
    const list = parseColumn(row, names);
    const args = parseColumn(row, kwargs) as (InstructionArguments | null)[];
    if (list.length === 0 || args.length !== list.length)
      throw new Error(
        `instructions: columns ${names} and ${kwargs} must be lists of equal length, found ${list.length} and ${args.length}`,
      );
    const followed = list.filter((name, i) =>
      followsInstruction(completion, String(name), args[i] ?? {}, mode),
    );
    if (partial) return followed.length / list.length;
    return followed.length === list.length ? 1 : 0;
  };
}

function parseColumn(row: RewardRow, name: string): unknown[] {
  let value = row[name];
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {}
  }
  if (Array.isArray(value)) return value;
  throw new Error(
    `instructions: column ${name} must hold a list, found ${JSON.stringify(row[name]) ?? 'nothing'}`,
  );
}

/** The eight forms of the loose criterion (section 2.3): without first line, last line, both; each also without `*`. */
function looseVariants(response: string): string[] {
  const lines = response.split('\n');
  const forms = [
    response,
    lines.slice(1).join('\n').trim(),
    lines.slice(0, -1).join('\n').trim(),
    lines.slice(1, -1).join('\n').trim(),
  ];
  return [...forms, ...forms.map((form) => form.replaceAll('*', ''))];
}

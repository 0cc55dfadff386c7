import { Tensor, Variable } from '@tensorflow/tfjs-core';

/** A tensor or a number inside the arguments. */
export type ArgumentLeaf = Tensor | number;

/** The leaves of some arguments, in order, and what distinguishes these arguments from others. */
export interface FlatArguments {
  leaves: ArgumentLeaf[];
  /** Equal for arguments that one compiled graph serves: same nesting, shapes, types and fixed values. */
  signature: string;
}

/**
 * Takes arguments apart. Tensors and numbers are inputs; strings, booleans, null and undefined are fixed, as are
 * variables, which belong to the function's state.
 * @throws for anything else, naming the argument
 */
export function flattenArguments(args: readonly unknown[], name: string): FlatArguments {
  const leaves: ArgumentLeaf[] = [];
  let signature = '';
  const visit = (value: unknown, path: () => string): void => {
    if (value instanceof Variable) {
      signature += `V${value.id};`;
    } else if (value instanceof Tensor) {
      leaves.push(value);
      signature += `${value.dtype}[${value.shape}];`;
    } else if (typeof value === 'number') {
      leaves.push(value);
      signature += 'number;';
    } else if (Array.isArray(value)) {
      signature += '[';
      for (let i = 0; i < value.length; i++) visit(value[i], () => `${path()}[${i}]`);
      signature += ']';
    } else if (isPlainObject(value)) {
      signature += '{';
      for (const key in value) {
        signature += `${key}:`;
        visit(value[key], () => `${path()}.${key}`);
      }
      signature += '}';
    } else if (value === null || ['string', 'boolean', 'undefined'].includes(typeof value)) {
      signature += `${JSON.stringify(value)};`;
    } else {
      const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
      throw new Error(
        `jit(${name}): ${path()} is a ${kind}. Arguments are tensors and numbers, nested in arrays and plain ` +
          'objects; let the function capture anything else.',
      );
    }
  };
  for (let i = 0; i < args.length; i++) visit(args[i], () => `argument ${i + 1}`);
  return { leaves, signature };
}

/** Rebuilds a nested value with every leaf that `isLeaf` accepts replaced, in the order of `flattenArguments`. */
export function mapStructure<L>(
  value: unknown,
  isLeaf: (value: unknown) => value is L,
  replace: (leaf: L) => unknown,
): unknown {
  if (isLeaf(value)) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapStructure(item, isLeaf, replace));
  if (!isPlainObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key in value) result[key] = mapStructure(value[key], isLeaf, replace);
  return result;
}

/** Whether a value is an input of a compiled function. */
export function isArgumentLeaf(value: unknown): value is ArgumentLeaf {
  return typeof value === 'number' || (value instanceof Tensor && !(value instanceof Variable));
}

export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

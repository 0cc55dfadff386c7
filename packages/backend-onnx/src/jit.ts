import { engine, scalar, type Tensor, type TensorContainer, tidy, Variable } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from './backend.ts';
import type { CompiledFunction } from './jit/compiled-function.ts';
import { flattenArguments, mapStructure } from './jit/structure.ts';

/** Arguments of a compiled function: wherever the function takes a tensor, the caller may give a number. */
export type JitArguments<A> = {
  [K in keyof A]: A[K] extends Tensor ? A[K] | number : A[K] extends object ? JitArguments<A[K]> : A[K];
};

/** A function compiled by {@link jit}. */
export interface JitFunction<A extends unknown[], R> {
  (...args: JitArguments<A>): R;
  /** As a call, but the computation runs on another thread and the event loop stays free. */
  runAsync(...args: JitArguments<A>): Promise<R>;
  /** Frees the compiled graphs and the constants they hold. */
  dispose(): void;
}

/** Options of {@link jit}. */
export interface JitOptions {
  /** Appears in error messages and profiles; default: the function's own name. */
  name?: string;
}

/**
 * Compiles `fn`: the first call with arguments of some shapes and types records what the function does and compiles
 * it into one graph; later calls run the graph without running the function.
 *
 * - Arguments are tensors and numbers, nested in arrays and plain objects. A number becomes a float32 scalar input,
 *   so that changing it compiles nothing. Strings, booleans and null are fixed: another value is another graph.
 * - `fn` returns tensors, nested likewise. Anything else in its result is what it was when the function was traced.
 * - Variables that `fn` reads are looked up at every call. Variables that it assigns get their new value at every
 *   call. They have to exist before the first call.
 * - Tensors that `fn` captures are constants from then on.
 * - `fn` cannot read values (`dataSync`, `if (loss > 1)`): an error says so.
 * - Gradients (`tf.grads`, `tf.variableGrads`) belong inside of `fn`; when a compiled function is called while tfjs
 *   records a gradient, or inside of another compiled function, it runs as if it were not compiled.
 *
 * On other backends `fn` simply runs in a `tf.tidy`.
 *
 * `runAsync` calls run one after the other; their arguments have to stay alive until the promise settles.
 *
 * @example
 * const step = jit((x: tf.Tensor, lr: tf.Scalar) => { ... return loss; }, { name: 'step' });
 * step(batch, 1e-3);
 */
export function jit<A extends unknown[], R>(
  fn: (...args: A) => R,
  { name = fn.name || 'anonymous' }: JitOptions = {},
): JitFunction<A, R> {
  let owner: OnnxBackend | undefined;
  const compiled = new Map<string, CompiledFunction>();

  const dispose = () => {
    for (const graph of compiled.values()) graph.dispose();
    compiled.clear();
  };
  const prepare = (backend: OnnxBackend, args: readonly unknown[]) => {
    if (owner !== backend) dispose();
    owner = backend;
    const { leaves, signature } = flattenArguments(args, name);
    let graph = compiled.get(signature);
    if (!graph) {
      graph = backend.compile(name, fn as (...args: never[]) => unknown, args);
      compiled.set(signature, graph);
    }
    return { graph, leaves };
  };
  const runPlainly = (args: readonly unknown[]): R =>
    tidy(name, () => {
      const result = fn(...(args.map(toScalars) as A));
      // A variable in the result stands for its value now.
      return mapStructure(result, isVariable, (variable) => variable.clone()) as TensorContainer;
    }) as R;

  const call = (...args: JitArguments<A>): R => {
    const backend = compilingBackend();
    if (!backend) return runPlainly(args as unknown[]);
    const { graph, leaves } = prepare(backend, args as unknown[]);
    return graph.run(leaves) as R;
  };
  const runAsync = async (...args: JitArguments<A>): Promise<R> => {
    const backend = compilingBackend();
    if (!backend) return runPlainly(args as unknown[]);
    const { graph, leaves } = prepare(backend, args as unknown[]);
    return (await backend.enqueue(() => graph.runAsync(leaves))) as R;
  };
  return Object.assign(call as JitFunction<A, R>, { runAsync, dispose });
}

/** The onnx backend, when it is active and the call is not part of a trace or of a gradient. */
function compilingBackend(): OnnxBackend | undefined {
  if (engine().backendName !== 'onnx' || engine().state.gradientDepth > 0) return undefined;
  const backend = engine().backend as OnnxBackend;
  return backend.tracing ? undefined : backend;
}

function isVariable(value: unknown): value is Variable {
  return value instanceof Variable;
}

/** Numbers as the scalars that a compiled function would see. */
function toScalars(argument: unknown): unknown {
  const isNumber = (value: unknown): value is number => typeof value === 'number';
  return mapStructure(argument, isNumber, (value) => scalar(value));
}

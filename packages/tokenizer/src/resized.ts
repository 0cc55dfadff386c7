type Numbers = Uint16Array | Int32Array | Float64Array;

/** A copy of an array of another length: cut, or filled up with zeros. */
export function resized<T extends Numbers>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(length < array.length ? array.subarray(0, length) : array);
  return copy;
}

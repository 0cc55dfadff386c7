/** Order of two strings by code points, as Python, Rust and UTF-8 have it; JavaScript's own is by UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    // Surrogates, which begin at U+D800, stand for what lies above all other units.
    const isLeftPair = (left & 0xf800) === 0xd800;
    const isRightPair = (right & 0xf800) === 0xd800;
    return isLeftPair === isRightPair ? left - right : isLeftPair ? 1 : -1;
  }
  return a.length - b.length;
}

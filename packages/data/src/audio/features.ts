/** Features of a clip: `data[frame * bins + bin]`. */
export interface Features {
  data: Float32Array;
  frames: number;
  bins: number;
}

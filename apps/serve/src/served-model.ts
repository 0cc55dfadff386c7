import type { Engine, Pretrained } from '@attune/inference';

/** What the routes need to know of the model they serve. */
export interface ServedModel extends Omit<Pretrained, 'model'> {
  /** Its name in the API. */
  id: string;
  /** Unix time in seconds at which it was loaded. */
  created: number;
  engine: Engine;
}

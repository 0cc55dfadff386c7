import { defineAlgorithm } from '../definition.ts';
import { sft, sftLoss, sftOptions } from '../supervised/sft.ts';

/**
 * Sequence-level distillation: supervised fine-tuning on what the teacher wrote, off-policy. The teacher is asked once,
 * before training, and its answers become the data (`prompt`, `completion`); whether it is there at all while the student
 * learns does not matter, nor whether the two share a vocabulary. This is how DeepSeek-R1's reasoning was passed on
 * (arXiv 2501.12948 section 2.4), with answers kept that a verifier found right.
 *
 * The function is `sftLoss`.
 */
export const teacherText = defineAlgorithm({
  name: 'teacher-text',
  paper: {
    title: 'Sequence-Level Knowledge Distillation',
    url: 'https://arxiv.org/abs/1606.07947',
    equations: 'section 3.2',
  },
  batch: 'supervised',
  options: sftOptions,
  needs: sft.needs,
  loss: sftLoss,
});

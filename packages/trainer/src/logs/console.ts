import type { Callbacks, StepEvent } from '../callbacks.ts';

/** Where progress is shown; `process.stderr` fits. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/**
 * Shows a run on the console: a live bar on a terminal, else one line a step.
 * @param logEvery steps between lines where there is no terminal
 */
export function consoleProgress(
  stream: ProgressStream,
  { logEvery = 1 }: { logEvery?: number } = {},
): Callbacks {
  const live = stream.isTTY === true;
  let bar = '';
  const line = (text: string) => {
    stream.write(live ? `\r\x1b[2K${text}\n${bar}` : `${text}\n`);
  };
  const endBar = () => {
    if (bar) stream.write('\n');
    bar = '';
  };
  return {
    onStart({ name, backend, algorithm, parameters, trainableParameters, steps, startStep, data, folder }) {
      const trained =
        trainableParameters === parameters ? '' : `, ${short(trainableParameters)} of them trained`;
      line(`${name}: ${algorithm} on ${data}; ${short(parameters)} parameters${trained}; ${backend}`);
      line(
        `${name}: ${startStep > 0 ? `step ${startStep} of ${steps} and on` : `${steps} steps`}, in ${folder}`,
      );
    },
    onStep(event) {
      if (live) {
        bar = drawBar(event, stream.columns ?? 80);
        stream.write(`\r\x1b[2K${bar}`);
      } else if (event.step % logEvery === 0 || event.step === event.steps) line(describeStep(event));
    },
    onEvaluation: ({ step, metrics, intervals }) => {
      const shown = Object.entries(metrics).map(([name, value]) => {
        const interval = intervals[name];
        return `${name} ${number(value)}${interval ? ` (${number(interval.low)} to ${number(interval.high)})` : ''}`;
      });
      line(`evaluation after step ${step}: ${shown.join('  ')}`);
    },
    onCheckpoint: ({ path }) => {
      if (live) line(`checkpoint ${path}`);
    },
    onNotice: (message) => line(message),
    onEnd({ stopped, model }) {
      endBar();
      if (stopped) line(`stopped: ${stopped}`);
      else if (model) line(`model in ${model}`);
    },
  };
}

/** One step in one line: `step 12/200  loss 2.3141  ...  1,204 tok/s  0.4 GB  ETA 3m 20s`. */
export function describeStep({ step, steps, metrics, speed }: StepEvent): string {
  const { loss, ...others } = metrics;
  delete others.tokens;
  delete others.skipped;
  return [
    `step ${String(step).padStart(String(steps).length)}/${steps}`,
    // A rollout or a round may leave nothing to learn from.
    loss === undefined ? 'skipped' : `loss ${number(loss)}`,
    describeMetrics(others),
    `${short(speed.tokensPerSecond)} tok/s`,
    `${(speed.memoryBytes / 1e9).toFixed(1)} GB`,
    `ETA ${duration(speed.remainingSeconds)}`,
  ].join('  ');
}

function drawBar(event: StepEvent, columns: number): string {
  const text = describeStep(event);
  const width = Math.max(0, Math.min(24, columns - text.length - 4));
  if (width < 6) return text.slice(0, columns - 1);
  const filled = Math.round((event.step / event.steps) * width);
  return `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}] ${text}`;
}

const describeMetrics = (metrics: Record<string, number>) =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join('  ');

/** Four significant digits. */
function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6
    ? String(Number(value.toPrecision(4)))
    : value.toExponential(2);
}

/** 950, 12.3K, 4.56M, 7B. */
function short(value: number): string {
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['K', 1e3],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Math.round(value));
}

/** 45s, 3m 20s, 2h 5m. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}

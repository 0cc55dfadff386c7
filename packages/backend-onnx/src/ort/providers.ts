import type { OrtApi, Pointer } from './api.ts';
import { stringTable } from './strings.ts';

/** Where ONNX Runtime runs the graph. */
export type ExecutionProvider = 'cpu' | 'cuda' | 'webgpu' | 'coreml' | 'dml';

/** The name ONNX Runtime lists, the name it is asked for, and what the provider needs besides the library. */
const PROVIDERS: Record<Exclude<ExecutionProvider, 'cpu'>, { listed: string; key: string; needs: string }> = {
  cuda: {
    listed: 'CUDAExecutionProvider',
    key: 'CUDA',
    needs:
      "an NVIDIA GPU with CUDA 12 and cuDNN 9, and onnxruntime-node's CUDA provider (its install script downloads it)",
  },
  webgpu: {
    listed: 'WebGpuExecutionProvider',
    key: 'WebGPU',
    needs: 'a GPU with a Vulkan, Metal or D3D12 driver',
  },
  coreml: { listed: 'CoreMLExecutionProvider', key: 'CoreML', needs: 'macOS' },
  dml: { listed: 'DmlExecutionProvider', key: 'DML', needs: 'Windows and a DirectX 12 GPU' },
};

/**
 * Adds an execution provider to session options; operators it lacks run on the CPU.
 * @throws naming the provider, what it needs, and ONNX Runtime's reason.
 */
export function appendProvider(
  ort: OrtApi,
  sessionOptions: Pointer,
  provider: ExecutionProvider,
  options: Record<string, string>,
): void {
  if (provider === 'cpu') return;
  const known = PROVIDERS[provider];
  if (!known) {
    throw new Error(`provider: expected one of cpu, ${Object.keys(PROVIDERS).join(', ')}, found ${provider}`);
  }
  const keys = stringTable(Object.keys(options));
  const values = stringTable(Object.values(options));
  const count = Object.keys(options).length;
  try {
    if (provider === 'cuda') {
      const cuda = ort.create((out) => ort.CreateCUDAProviderOptions(out));
      ort.check(ort.UpdateCUDAProviderOptions(cuda, keys.pointers, values.pointers, count));
      ort.check(ort.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, cuda));
      ort.ReleaseCUDAProviderOptions(cuda);
    } else {
      ort.check(
        ort.SessionOptionsAppendExecutionProvider(
          sessionOptions,
          known.key,
          keys.pointers,
          values.pointers,
          count,
        ),
      );
    }
  } catch (error) {
    throw new Error(
      `The ${provider} execution provider is not available here: it needs ${known.needs}. ` +
        `${(error as Error).message}`,
    );
  }
}

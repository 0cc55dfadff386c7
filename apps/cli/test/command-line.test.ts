import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, loadPretrained } from '@attune/inference';
import { applyLora, CausalLM, saveAdapter } from '@attune/models';
import { fill } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModelFolder } from '../../serve/test/tiny-folder.ts';
import { attune, startAttune } from './attune.ts';

let dir: string;

beforeAll(async () => {
  dir = await tinyModelFolder();
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the overview', () => {
  it('teaches what there is, and is shown without arguments too', () => {
    const { code, stdout } = attune(['--help']);
    expect(code).toBe(0);
    for (const name of ['quickstart', 'train', 'eval', 'generate', 'serve', 'tokenizer', 'data', 'export']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    }
    expect(stdout).toContain('Examples:');
    expect(attune([])).toMatchObject({ stderr: stdout });
  });

  it.each(['train', 'eval', 'generate', 'serve', 'tokenizer', 'data', 'export', 'quickstart'])(
    '%s has help with examples',
    (name) => {
      const { code, stdout } = attune([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: attune ${name}`);
      expect(stdout).toContain('Examples:');
    },
  );

  it('help names a command as --help does', () => {
    expect(attune(['help', 'export']).stdout).toBe(attune(['export', '--help']).stdout);
  });

  it('prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(attune(['--version']).stdout).toBe(`${version}\n`);
  });
});

describe('bad input gives one line and a failure', () => {
  it.each([
    [['trian'], "attune: unknown command 'trian' (Did you mean train?)"],
    [['help', 'sevre'], "attune: unknown command 'sevre' (Did you mean serve?)"],
    [['generate'], "attune: missing required argument 'model-dir'"],
    [['generate', 'x', '--promt', 'y'], "attune: unknown option '--promt' (Did you mean --prompt?)"],
    [['data', 'inspect', '/nowhere.jsonl'], 'attune: /nowhere.jsonl: no such file'],
    [['data', 'plan', '/nowhere.jsonl'], 'attune: /nowhere.jsonl: no such file'],
    [
      ['data', 'plan', 'x.jsonl', '--maximum', 'long'],
      "attune: option '--maximum <seconds>' argument 'long' is invalid",
    ],
    [['data', 'convert', 'x.jsonl'], "attune: required option '--to <file>' not specified"],
    [['generate', '/nowhere', '--prompt', 'y'], 'attune: /nowhere: no such model folder'],
    [
      ['serve', 'x', '--port', '70000'],
      "attune: option '--port <number>' argument '70000' is invalid. It must be",
    ],
    [['export', 'x'], "attune: required option '--to <path>' not specified"],
    [['export', 'x', '--to', './x'], 'attune: --to ./x is the model itself: name another folder'],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = attune(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
  });

  it('and a stack when ATTUNE_DEBUG asks for it', () => {
    const { stderr } = attune(['generate', '/nowhere', '--prompt', 'y'], { env: { ATTUNE_DEBUG: '1' } });
    expect(stderr).toMatch(/no such model folder\n\s+at /);
  });
});

describe('generate', () => {
  it('prints what the library generates', async () => {
    const { model, tokenizer, prompts, text, stopIds } = loadPretrained(dir);
    const options = { maxNewTokens: 12, seed: 4, tokenizer: text, stopIds };
    const [generation] = await generate(model, [prompts.encode('the cat')], options);
    const [raw] = await generate(model, [tokenizer.encodeIds('the cat')], options);
    const args = ['generate', dir, '--seed', '4', '--max-tokens', '12'];
    expect(attune([...args, '--prompt', 'the cat']).stdout).toBe(`${generation!.text}\n`);
    expect(attune(args, { input: 'the cat\n' }).stdout).toBe(`${generation!.text}\n`);
    expect(attune([...args, '--prompt', 'the cat', '--raw']).stdout).toBe(`${raw!.text}\n`);
    const json = JSON.parse(attune([...args, '--prompt', 'the cat', '--json']).stdout);
    expect(json.ids).toEqual(generation!.ids);
  });

  it('prints several answers, one after the other', () => {
    const { stdout } = attune(['generate', dir, '--prompt', 'the', '--n', '2', '--max-tokens', '3']);
    expect(stdout).toMatch(/^--- 1\n[\s\S]*\n--- 2\n/);
  });

  it.each([
    [
      'a prompt over the context',
      ['--prompt', 'the '.repeat(200)],
      /prompt has \d+ tokens, but the model's context holds 128/,
    ],
    ['an empty prompt', ['--raw', '--prompt', ''], /prompt must have at least one token/],
    [
      'an impossible setting',
      ['--prompt', 'x', '--top-p', '2'],
      /topP must be above 0 and at most 1, found 2/,
    ],
    ['--system with --raw', ['--prompt', 'x', '--system', 'y', '--raw'], /--system is for messages/],
  ])('refuses %s', (_, args, message) => {
    const { code, stderr } = attune(['generate', dir, ...args]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('names a damaged tokenizer', () => {
    const broken = `${dir}-broken`;
    expect(attune(['export', dir, '--to', broken]).code).toBe(0);
    writeFileSync(join(broken, 'tokenizer.json'), '{"version"');
    const { stderr } = attune(['generate', broken, '--prompt', 'x']);
    expect(stderr).toContain(`attune: ${join(broken, 'tokenizer.json')}: `);
    rmSync(broken, { recursive: true });
  });
});

describe('export', () => {
  it('writes a folder in half precision that generates', () => {
    const to = `${dir}-half`;
    const { code, stdout } = attune(['export', dir, '--to', to, '--dtype', 'bfloat16']);
    expect([code, stdout]).toEqual([0, `wrote ${to}\n`]);
    const size = (folder: string) => readFileSync(join(folder, 'model.safetensors')).length;
    expect(size(to)).toBeLessThan(size(dir) * 0.6);
    expect(attune(['generate', to, '--prompt', 'the', '--max-tokens', '2']).code).toBe(0);
    rmSync(to, { recursive: true });
  });

  it('merges adapters', () => {
    const adapter = `${dir}-adapter`;
    const to = `${dir}-merged`;
    const model = CausalLM.load(dir);
    applyLora(model, { rank: 2, alpha: 4, targetModules: ['q_proj'], seed: 1 } as never);
    const up = model.params['model.layers.0.self_attn.q_proj.lora_B.weight']!;
    up.assign(fill(up.shape, 0.5));
    saveAdapter(model, adapter);
    expect(attune(['export', dir, '--merge-lora', adapter, '--to', to]).code).toBe(0);
    const weight = (folder: string) =>
      CausalLM.load(folder).params['model.layers.0.self_attn.q_proj.weight']!.dataSync();
    expect(weight(to)).not.toEqual(weight(dir));
    expect(existsSync(join(to, 'tokenizer.json'))).toBe(true);
    for (const folder of [adapter, to]) rmSync(folder, { recursive: true });
  });

  it('merges several adapters into one model', () => {
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const weight = (folder: string) => CausalLM.load(folder).params[name]!.dataSync<'float32'>();
    const adapters = [1, -2].map((size) => {
      const model = CausalLM.load(dir);
      applyLora(model, { rank: 2, alpha: 4, targetModules: ['q_proj'], seed: 1 });
      const up = model.params[name.replace('weight', 'lora_B.weight')]!;
      up.assign(fill(up.shape, size));
      saveAdapter(model, `${dir}-adapter${size}`);
      return `${dir}-adapter${size}`;
    });
    const merged = (...words: string[]) => {
      const to = `${dir}-merged`;
      expect(attune(['export', dir, '--merge-lora', ...words, '--to', to]).code).toBe(0);
      const found = weight(to);
      rmSync(to, { recursive: true });
      return found;
    };
    const base = weight(dir);
    const alone = adapters.map((adapter) => merged(adapter));
    const sum = base.map((value, i) => alone[0]![i]! + alone[1]![i]! - value);
    const linear = merged(...adapters, '--merge-method', 'linear');
    expect(Math.max(...linear.map((value, i) => Math.abs(value - sum[i]!)))).toBeLessThan(1e-6);
    // The changes oppose each other, the second twice as large: by sign, the second's stay, where they are not small.
    const signed = merged(...adapters);
    for (const [i, value] of signed.entries())
      expect(Math.min(...[base, alone[0]!, alone[1]!].map((one) => Math.abs(value - one[i]!)))).toBeLessThan(
        1e-6,
      );
    expect(signed).not.toEqual(linear);
    for (const folder of adapters) rmSync(folder, { recursive: true });
  });

  it('writes an .onnx file', () => {
    const to = `${dir}.onnx`;
    expect(attune(['export', dir, '--to', to, '--length', '8'])).toMatchObject({
      code: 0,
      stdout: `wrote ${to}\n`,
    });
    expect(readFileSync(to).length).toBeGreaterThan(1000);
    expect(attune(['export', dir, '--to', to, '--length', '999']).stderr).toContain(
      '--length must be at most',
    );
    rmSync(to);
  });
});

describe('serve', () => {
  it('finishes the running answer when it is told to stop', async () => {
    const child = startAttune(['serve', dir, '--port', '0', '--name', 'tiny']);
    const line = String((await once(child.stdout, 'data'))[0]);
    const url = line.match(/serving tiny: chat at (\S+),/)![1];
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'the', max_tokens: 100, stream: true }),
    });
    const reader = response.body!.getReader();
    await reader.read();
    child.kill('SIGTERM');
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says in one line that the port is in use', async () => {
    const child = startAttune(['serve', dir, '--port', '0']);
    const line = String((await once(child.stdout, 'data'))[0]);
    const port = line.match(/:(\d+),/)![1]!;
    const { code, stderr } = attune(['serve', dir, '--port', port]);
    expect(code).toBe(1);
    expect(stderr).toContain(`attune: port ${port} is in use on 127.0.0.1: choose another with --port`);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});

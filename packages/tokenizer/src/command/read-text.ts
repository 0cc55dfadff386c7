import { readFileSync } from 'node:fs';

/**
 * The text of a file.
 * @throws where it cannot be read, with its name
 */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw new Error(`${file}: is a folder, must be a text file`);
    throw new Error(`${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

/**
 * An error whose message is meant for whoever started the run: it names the thing, what was found, what was
 * wanted and the way out. A command line prints it as one line, without a stack.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** Turns an error of the file system into one line: what was being done, where, why it failed, what is safe. */
export function fileError(error: unknown, doing: string, advice = ''): UserError {
  const { message } = error as Error;
  const code = (error as NodeJS.ErrnoException).code ?? message.match(/\bE[A-Z]{3,}\b/)?.[0] ?? '';
  const reasons: Record<string, string> = {
    ENOSPC: 'no space left on the disk',
    EDQUOT: 'the disk quota is used up',
    EFBIG: 'the file would exceed the size limit',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EEXIST: 'a file of that name is in the way',
    ENOENT: 'no such file or folder',
    EISDIR: 'it is a folder',
  };
  const reason = reasons[code] ?? message;
  return new UserError(
    `${doing}: ${reason}${code && reasons[code] ? ` (${code})` : ''}${advice && `. ${advice}`}`,
  );
}

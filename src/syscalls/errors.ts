/** An error with a stable `code`, for mistakes a caller can make outside system calls. */
export class SyscallLayerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SyscallLayerError';
    this.code = code;
  }
}

export function errorWithCode(code: string, message: string): Error {
  return new SyscallLayerError(code, message);
}

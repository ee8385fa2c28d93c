/** What a malformed address is refused with. `code` is stable: `ERR_INVALID_ADDRESS`; `input` is what was given. */
export class AddressError extends Error {
  override readonly name: string = 'AddressError';
  readonly code: string = 'ERR_INVALID_ADDRESS';
  readonly input: string;

  constructor(what: string, input: string) {
    super(`${what}: ${JSON.stringify(input)}`);
    this.input = input;
  }
}

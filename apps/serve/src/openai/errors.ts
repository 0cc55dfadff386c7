/** An error as OpenAI's API words it. */
export class ApiError extends Error {
  readonly status: 400 | 401 | 404 | 405 | 429 | 500 | 503;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: ApiError['status'],
    message: string,
    {
      type = 'invalid_request_error',
      param = null,
      code = null,
    }: Partial<Pick<ApiError, 'type' | 'param' | 'code'>> = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
  }

  /** The body of the answer. */
  toJSON() {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}
